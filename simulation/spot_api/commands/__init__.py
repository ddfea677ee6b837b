"""Robot commands: parsed and checked, run as an activity for each part of the robot, and reported on."""
