"""The commands: a file each, with its arguments and what it does, as a `COMMAND`."""
