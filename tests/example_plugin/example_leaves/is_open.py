"""A leaf that asks the robot, through the same protocol as the built-in leaves."""

from behaviours import RobotLeaf, Status, input_port


class IsOpen(RobotLeaf):
    """SUCCESS if the gripper is open."""

    KIND = "Condition"
    PORTS = (input_port("at_least", float, default=0.5, text="0 closed .. 1 fully open"),)

    def update(self) -> Status:
        opening = self.robot.gripper().opening
        if opening >= self.get("at_least"):
            return self.succeed(f"open to {opening:.2f}")
        return self.fail(f"open to {opening:.2f} only")
