"""A robot without any simulator: scripted, deterministic, on a virtual clock."""
