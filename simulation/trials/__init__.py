"""Grasps tried in physics with a gripper that has no robot."""
