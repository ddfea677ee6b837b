"""Tests of the simulated Spot API server."""
