"""Tests of the terminal views."""
