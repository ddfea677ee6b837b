"""From files to a checked document, and from there to a tree that ticks."""
