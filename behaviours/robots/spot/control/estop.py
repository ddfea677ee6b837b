"""The e-stop: somebody must be able to stop the robot. An external one is required; our own only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from behaviours.robots.spot.control.pulse import Pulse
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import explain
from behaviours.robots.spot.link.link import RPC_S, is_bosdyn
from perception.base.errors import RobotError

NAME: Final = "spot-grasp"
TIMEOUT_S: Final = 6.0
"""Without a check-in for this long the robot sits down and switches off; the vendor's examples take 5 to 9 s."""


@dataclass(frozen=True)
class EstopStatus:
    """released: nothing stops the robot. endpoints: names of the configured ones. words: what stops it."""

    released: bool
    endpoints: tuple[str, ...]
    words: str


def read_status(status: Any) -> EstopStatus:
    """From a bosdyn.api.EstopSystemStatus."""
    from bosdyn.api import estop_pb2

    names = tuple(item.endpoint.name or item.endpoint.role for item in status.endpoints)
    pressing = [
        f"{item.endpoint.name or item.endpoint.role} is at {estop_pb2.EstopStopLevel.Name(item.stop_level)}"
        for item in status.endpoints
        if item.stop_level != estop_pb2.ESTOP_LEVEL_NONE
    ]
    level = estop_pb2.EstopStopLevel.Name(status.stop_level)
    said = "; ".join([*pressing, *([status.stop_level_details] if status.stop_level_details else [])])
    return EstopStatus(status.stop_level == estop_pb2.ESTOP_LEVEL_NONE, names, said or level)


def refusal(status: EstopStatus) -> str | None:
    """Why the robot must not be moved, with what to do; None if an e-stop exists and is released."""
    if not status.endpoints:
        return (
            "no e-stop is configured, so nobody could stop the robot: connect the tablet or an e-stop program, "
            "or let this program be the e-stop with --own-estop"
        )
    if not status.released:
        return f"the e-stop is not released ({status.words}); release it, then run again"
    return None


class OwnEstop:
    """An e-stop endpoint of this program, checked in as long as the tick loop runs. Displaces all others."""

    def __init__(self, connection: Connection, pulse: Pulse) -> None:
        self._connection, self._pulse = connection, pulse
        self._keeper: Any = None
        self._endpoint: Any = None

    def start(self, *, motors_on: bool) -> None:
        """Register and release it. RobotError if the motors are on: registering would cut their power."""
        from bosdyn.client.estop import EstopEndpoint, EstopKeepAlive

        if motors_on:
            raise RobotError(
                "--own-estop would cut the motors, which are on: power the robot off first, or leave --own-estop out"
            )
        try:
            self._endpoint = EstopEndpoint(self._connection.estop, NAME, TIMEOUT_S)
            self._endpoint.force_simple_setup()
            self._keeper = EstopKeepAlive(
                self._endpoint, rpc_timeout_seconds=RPC_S, keep_running_cb=self._pulse.beating
            )
            self._keeper.allow()
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise explain(error, self._connection.target.hostname, "registering an e-stop") from error

    def stop(self) -> None:
        """Stop the robot's motors in order and end the check-ins. Safe twice, and without a `start`."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        self._connection.link.last(lambda timeout: keeper.settle_then_cut())
        keeper.shutdown()
        self._connection.link.last(self._endpoint.deregister)
