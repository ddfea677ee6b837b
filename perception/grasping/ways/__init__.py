"""The network that rates every way of the family: its input and its maps."""
