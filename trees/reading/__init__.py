"""XML files read with the place of everything, and written back in one form."""
