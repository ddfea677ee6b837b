"""The Spot in Genesis: physics, the robot, its motions and sensors, the judge, and a camera without a robot."""
