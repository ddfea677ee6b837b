"""Tests of trees as missions of the robot."""
