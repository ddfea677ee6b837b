"""Gait policies tried: many robots on legs at once, each on ground of its own."""
