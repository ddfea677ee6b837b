"""Tests of the heatmap network's training and export."""
