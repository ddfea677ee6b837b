"""Robot files: the Spot model written here, and users' URDF and MJCF files adapted to it."""
