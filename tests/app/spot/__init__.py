"""Whole runs against a simulated Spot API server."""
