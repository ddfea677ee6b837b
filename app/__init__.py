"""The command line: configuration, composition, run records and the terminal view."""
