"""Tests of reading and writing tree files."""
