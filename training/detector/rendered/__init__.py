"""Rendered pictures that the detector is trained on."""
