"""The robot protocol and the leaves of a behaviour tree that are written against it."""
