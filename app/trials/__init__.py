"""Trials: trees over many seeds, in worker processes that keep their simulator, with a report."""
