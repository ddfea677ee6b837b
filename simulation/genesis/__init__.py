"""The Spot in Genesis: physics, robot, cameras, judge."""
