"""Cycles of poll and capture at 20 Hz over gRPC, in a process of their own.

`python -m tests.behaviours.spot.cycles WARM CYCLES` prints one JSON line. A process of its own, since
another test's memory comes and goes in the test runner's.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time

from behaviours.robot import CommandState
from behaviours.robots.spot.robot import SpotRobot
from perception.geometry import Pose
from simulation.spot_api import SpotServer
from tests.support.spot_robot import working

PERIOD_S = 0.05


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cycle(robot: SpotRobot, server: SpotServer, count: int) -> None:
    """Poll a motion, take a picture, sleep to the next tick of 20 Hz on the robot's clock."""
    goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (0.3, 0.0, 0.0))
    motion = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)
    due = robot.now()
    for _ in range(count):
        if motion.poll().state is not CommandState.RUNNING:
            goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 3.0), (0.0, 0.0, 0.0))
            motion = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)
        assert robot.capture("hand").depth.any()
        due += PERIOD_S
        robot.sleep(max(due - robot.now(), 1e-3))
    motion.cancel()


def ahead(server: SpotServer, robot: SpotRobot) -> float:
    """Seconds from the count of the adapter to the clock of the robot, read when nothing came between the two."""
    return max(server.now() - robot.now() for _ in range(50))


def main(warm: int, cycles: int) -> None:
    with working(speed=1.0, at_end="stand") as (server, robot):
        cycle(robot, server, warm)
        gc.collect()
        threads, memory = threading.active_count(), resident_bytes()
        offset = ahead(server, robot)
        begun_wall, begun_robot = time.monotonic(), robot.now()
        cycle(robot, server, cycles)
        gc.collect()
        result = {
            "cycles": cycles,
            "wall_s": round(time.monotonic() - begun_wall, 2),
            "cycle_ms": round((robot.now() - begun_robot) / cycles * 1000, 1),
            "drift_s": round(ahead(server, robot) - offset, 4),
            "grown_bytes": resident_bytes() - memory,
            "threads_more": threading.active_count() - threads,
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
