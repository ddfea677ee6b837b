"""A run in a terminal: its state, built up from events; the picture of a state; the views that draw it."""
