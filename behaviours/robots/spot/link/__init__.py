"""The connection to the robot: address, clock, calls, and the errors that a lost robot raises."""
