"""The parts of a run that can be exchanged: robots with their options, detectors and networks, found by name."""
