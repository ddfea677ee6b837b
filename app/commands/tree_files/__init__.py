"""What can be said about tree files and leaves without a run: check, show, nodes, format."""
