"""The leaves of a tree, by what they do."""
