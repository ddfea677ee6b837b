"""Running a tree: its nodes, their conditions, the state they share, and why a tree failed."""
