"""Many runs as one LeRobot data set, format v3.0."""
