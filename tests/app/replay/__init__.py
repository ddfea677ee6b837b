"""Tests of runs played back."""
