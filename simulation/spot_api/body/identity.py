"""The robot-id service."""

from __future__ import annotations

from typing import Any

from simulation.spot_api.rpc.serve import Call

API_VERSION = (5, 2, 0)
SERIAL_NUMBER = "sim-spot-00000000"


class RobotId:
    """RobotIdService: serial number, model and software release."""

    def get_robot_id(self, request: Any, response: Any, call: Call) -> None:
        robot = response.robot_id
        robot.serial_number, robot.computer_serial_number = SERIAL_NUMBER, SERIAL_NUMBER
        robot.species, robot.version, robot.nickname = "spot", "V4", "simulated"
        release = robot.software_release
        release.version.major_version, release.version.minor_version, release.version.patch_level = API_VERSION
        release.name, release.type = "spot-grasp simulator", "simulation"
        release.api_version = ".".join(str(part) for part in API_VERSION)
