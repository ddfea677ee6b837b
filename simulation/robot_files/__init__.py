"""Users' own URDF and MJCF files of the robot."""
