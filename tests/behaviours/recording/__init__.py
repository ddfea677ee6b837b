"""Tests of runs: what is started, watched, recorded and ended."""
