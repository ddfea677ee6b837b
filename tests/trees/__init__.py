"""Tests of the tree language."""
