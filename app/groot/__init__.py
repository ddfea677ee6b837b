"""BehaviorTree.CPP's monitoring protocol and log format, for Groot2 and every other client of them."""
