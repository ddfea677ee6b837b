"""How good networks and grasps are: trials, methods to compare, reports."""
