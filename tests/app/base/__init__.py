"""Tests of what every command uses."""
