"""Runs in the formats of other programs: Foxglove, rerun, ROS 2, LeRobot, tables."""
