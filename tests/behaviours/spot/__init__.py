"""Tests of the adapter to a Spot."""
