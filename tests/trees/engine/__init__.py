"""Tests of ticks: nodes, blackboards, scripts, errors."""
