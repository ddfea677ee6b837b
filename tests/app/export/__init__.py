"""Tests of runs in the formats of other programs; each file is read by an independent reader."""
