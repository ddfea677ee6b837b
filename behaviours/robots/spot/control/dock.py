"""The dock: whether the robot stands on it, and how it gets off."""

from __future__ import annotations

from typing import Any, Final

from behaviours.robots.spot.control.power import Until
from behaviours.robots.spot.link.connection import Connection
from perception.base.errors import RobotError

UNDOCK_S: Final = 20.0
"""Robot seconds for getting off the dock. The robot does it by itself, and is not stopped half way off."""


def _client(connection: Connection) -> Any | None:
    """The docking client; None for a robot without that service."""
    from bosdyn.client.docking import DockingClient
    from bosdyn.client.robot import UnregisteredServiceError

    try:
        return connection.client(DockingClient.default_service_name)
    except RobotError as error:
        if isinstance(error.__cause__, UnregisteredServiceError):
            return None
        raise


def state(connection: Connection) -> Any | None:
    """The bosdyn.api.docking.DockState; None for a robot without the service. RobotError if it does not answer."""
    client = _client(connection)
    return None if client is None else connection.link.send("reading the dock's state", client.get_docking_state)


def docked(dock: Any | None) -> bool:
    """Whether the robot stands on its dock."""
    return dock is not None and bool(dock.status == dock.DOCK_STATUS_DOCKED)


def hindrance(dock: Any | None, host: str) -> str | None:
    """Why the robot cannot walk, with what to do; None if the dock does not keep it."""
    if docked(dock):
        return f"{host} stands on its dock: let the run undock it with --undock, or undock it on the tablet"
    if dock is not None and dock.status in (dock.DOCK_STATUS_DOCKING, dock.DOCK_STATUS_UNDOCKING):
        return f"{host} is on its way onto its dock or off it: wait until that is over"
    return None


def undock(connection: Connection, until: Until) -> None:
    """Get off the dock, motors on. RobotError, with the robot's reason, if that fails."""
    from bosdyn.api.docking import docking_pb2
    from bosdyn.util import seconds_to_timestamp

    client, link = _client(connection), connection.link
    assert client is not None
    answer = docking_pb2.DockingCommandFeedbackResponse

    def send(timeout: float) -> int:
        identifier = connection.robot.time_sync.endpoint.clock_identifier
        end = seconds_to_timestamp(connection.clock.robot_time() + UNDOCK_S)
        return int(client.docking_command(0, identifier, end, docking_pb2.PREP_POSE_UNDOCK, timeout=timeout))

    number = link.send("undocking", send)

    def off() -> bool:
        feedback = link.look("undocking", client.docking_command_feedback_full, number)
        if feedback is None or feedback.status == answer.STATUS_IN_PROGRESS:
            return False
        if feedback.status == answer.STATUS_AT_PREP_POSE:
            return True
        value = answer.Status.DESCRIPTOR.values_by_number.get(feedback.status)
        said = value.name if value is not None else f"status {feedback.status}"
        raise RobotError(f"{link.host} did not get off its dock: {said}")

    until(off, UNDOCK_S, "the robot did not get off its dock")
