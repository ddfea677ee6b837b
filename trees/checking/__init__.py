"""Checks of a tree file before it runs: its nodes, its keys and its size."""
