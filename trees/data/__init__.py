"""Values of a tree: literals, ports, blackboards, and the access of a node to them."""
