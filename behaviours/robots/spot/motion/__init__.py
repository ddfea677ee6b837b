"""Motions: commands as protobuf, how long they are renewed, and when they have arrived."""
