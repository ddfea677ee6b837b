"""BehaviorTree.CPP's monitoring protocol, for Groot2 and every other client."""
