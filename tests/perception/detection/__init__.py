"""Tests of the detector and its masks."""
