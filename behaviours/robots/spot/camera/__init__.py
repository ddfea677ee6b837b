"""Pictures of the robot as frames: which sources, how they are undistorted and put together."""
