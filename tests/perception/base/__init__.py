"""Tests of files, JSON and the processor."""
