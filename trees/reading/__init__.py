"""Reading XML files with the position of every element, and writing them in canonical form."""
