"""Starts a program written for a Spot against the simulator."""
