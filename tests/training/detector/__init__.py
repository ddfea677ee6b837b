"""Tests of the detector's training."""
