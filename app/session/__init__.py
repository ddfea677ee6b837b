"""`spot-grasp run`: options, parts, the run with its view and Groot2, and scripted leaves."""
