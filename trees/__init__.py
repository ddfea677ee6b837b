"""The tree language: read, check, build and describe BehaviorTree.CPP v4 files on py_trees."""
