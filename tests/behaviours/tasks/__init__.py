"""Tests of the leaves, the trees of the library and the robots."""
