"""The gripper's shape, the ways of bringing the hand in, the pose of each, and the room it takes."""
