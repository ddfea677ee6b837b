"""The start of Genesis: a quicker import, and what is told while kernels are compiled."""
