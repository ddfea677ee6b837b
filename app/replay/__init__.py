"""`spot-grasp replay`: the position in a recorded run, and the terminal."""
