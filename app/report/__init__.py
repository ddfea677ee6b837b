"""The report of runs: one HTML file that opens anywhere, also of runs that were killed or damaged."""
