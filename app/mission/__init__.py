"""Missions of the robot: a tree as a service that a mission calls, and a tree as nodes of a mission."""
