"""The gait policy: robots on legs in many copies of one scene, a network that imitates a teacher, and its measures."""
