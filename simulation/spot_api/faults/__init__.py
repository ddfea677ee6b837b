"""Injected faults: the script and its effects."""
