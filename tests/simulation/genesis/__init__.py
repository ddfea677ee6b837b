"""Tests of physics: the robot, its sensor, its motions."""
