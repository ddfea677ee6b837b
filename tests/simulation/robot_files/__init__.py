"""Tests of robot files: the Spot model, its gripper, and users' files."""
