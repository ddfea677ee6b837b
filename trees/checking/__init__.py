"""What is wrong with a tree file, node by node and along its keys."""
