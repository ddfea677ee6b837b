"""`spot-grasp check --hostname H`: whether a Spot is ready. It only reads: no lease, no e-stop, no command.

Each service is asked on its own, so that one that does not answer does not hide the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from app.base.exit_codes import BROKEN, SUCCESS
from app.base.output import tell
from app.parts.spot import SIMULATED, refuse_target, target_of
from behaviours.robots.spot.camera import images
from behaviours.robots.spot.camera.lens import lens_of
from behaviours.robots.spot.control import dock
from behaviours.robots.spot.control.estop import read_status, refusal
from behaviours.robots.spot.link.connection import Connection, Target
from behaviours.robots.spot.link.errors import missing, owner_words
from behaviours.robots.spot.state import RobotView, fault_words
from perception.base.errors import RobotError, SpotGraspError

Verdict = Literal["ok", "note", "fail"]
LOW_PERCENT, EMPTY_PERCENT = 30.0, 10.0
FAR_S: Final = 60.0
"""A larger difference of the clocks is noted; it does not matter to a run."""
SLOW_RTT_S: Final = 0.1
RESOURCE: Final = "body"


@dataclass(frozen=True)
class Row:
    """One line of the table. verdict: fail if a run would be refused or go wrong, note if it needs attention."""

    what: str
    verdict: Verdict
    words: str


def preflight(target: Target) -> list[Row]:
    """Ask every service. RobotError or ConfigError if the robot cannot be reached or refuses the login."""
    connection = Connection(target)
    try:
        connection.open()
        looks: tuple[tuple[str, Callable[[Connection], list[Row]]], ...] = (
            ("e-stop", _estop),
            ("lease", _lease),
            ("state", _state),
            ("dock", _dock),
            ("time sync", _time),
            ("cameras", _cameras),
        )
        rows: list[Row] = []
        for what, look in looks:
            try:
                rows += look(connection)
            except SpotGraspError as error:
                rows.append(Row(what, "fail", str(error)))
        return rows
    finally:
        connection.close()


def _estop(connection: Connection) -> list[Row]:
    status = read_status(connection.link.send("reading the e-stop", connection.estop.get_status))
    why = refusal(status)
    if why is not None:
        return [Row("e-stop", "fail", why)]
    return [Row("e-stop", "ok", f"released; held by {', '.join(status.endpoints)}")]


def _lease(connection: Connection) -> list[Row]:
    for resource in connection.link.send("reading the leases", connection.lease.list_leases):
        if resource.resource == RESOURCE:
            return [lease_row(resource)]
    return [Row("lease", "fail", f"the robot knows no resource {RESOURCE!r}")]


def lease_row(resource: Any) -> Row:
    """The row for a bosdyn.api.LeaseResource."""
    owner = resource.lease_owner
    if not owner.client_name and not owner.user_name:
        return Row("lease", "ok", "free")
    stale = ", stale" if resource.is_stale else ""
    held = f"held by {owner_words(owner)}{stale}"
    if resource.is_stale:
        return Row("lease", "note", held)
    return Row("lease", "fail", f"{held}; let go of it there, or run with --take-lease")


def _state(connection: Connection) -> list[Row]:
    view = RobotView(connection.link.send("reading its state", connection.state.get_robot_state))
    return state_rows(view)


def state_rows(view: RobotView) -> list[Row]:
    """Hardware e-stops, motors, faults, battery and arm, from one state."""
    rows: list[Row] = []
    pressed = view.stops_pressed()
    if pressed:
        rows.append(Row("e-stop state", "fail", f"pressed: {', '.join(pressed)}; release it"))
    rows.append(Row("motors", "ok", "on" if view.motors_on else "off; a run powers them on"))
    faults = view.faults()
    for fault in faults:
        rows.append(Row("faults", "fail", fault_words(fault)))
    for words in view.system_faults():
        rows.append(Row("faults", "note", words))
    if not faults and not view.system_faults():
        rows.append(Row("faults", "ok", "none"))
    rows.append(battery_row(view.battery_percent()))
    lacks = view.lacks()
    if lacks is not None:
        rows.append(Row("arm", "fail", lacks))
    else:
        held = "; the gripper holds something" if view.gripper().holding else ""
        rows.append(Row("arm", "note" if held else "ok", f"there, gripper {view.gripper().opening:.0%} open{held}"))
    return rows


def battery_row(percent: float | None) -> Row:
    if percent is None:
        return Row("battery", "note", "the robot does not tell its charge")
    if percent < EMPTY_PERCENT:
        return Row("battery", "fail", f"{percent:.0f} %: too little for a run; charge it")
    if percent < LOW_PERCENT:
        return Row("battery", "note", f"{percent:.0f} %: low")
    return Row("battery", "ok", f"{percent:.0f} %")


def _dock(connection: Connection) -> list[Row]:
    state = dock.state(connection)
    why = dock.hindrance(state, connection.link.host)
    if why is not None:
        return [Row("dock", "fail", why)]
    return [Row("dock", "ok", "the robot has no docking service" if state is None else "not on it")]


def _time(connection: Connection) -> list[Row]:
    from behaviours.robots.spot.link.clock import seconds_of

    endpoint = connection.robot.time_sync.endpoint
    round_trip_s = seconds_of(endpoint.round_trip_time)
    ahead_s = seconds_of(endpoint.clock_skew)
    words = f"round trip {round_trip_s * 1000:.1f} ms, the robot's clock is {ahead_s:+.3f} s from ours"
    if round_trip_s > SLOW_RTT_S:
        return [Row("time sync", "note", f"{words}; the network is slow")]
    return [Row("time sync", "note" if abs(ahead_s) > FAR_S else "ok", words)]


def _cameras(connection: Connection) -> list[Row]:
    return camera_rows(connection.link.send("listing cameras", connection.image.list_image_sources))


def camera_rows(sources: Sequence[Any]) -> list[Row]:
    """Which cameras can be used, from bosdyn.api.ImageSources; the hand's must be."""
    listed = {source.name: source for source in sources}
    usable, rows = [], []
    for name, camera in images.CAMERAS.items():
        lacking = [source for source in (camera.visual, camera.depth) if source not in listed]
        if lacking and name == "hand":
            rows.append(Row("cameras", "fail", f"the hand camera does not offer {', '.join(lacking)}"))
        if lacking:
            continue
        try:
            lenses = [lens_of(listed[source], (1, 1)) for source in (camera.visual, camera.depth)]
        except RobotError as error:
            rows.append(Row("cameras", "fail" if name == "hand" else "note", f"{name}: {error}"))
        else:
            usable.append(f"{name} ({lenses[0].model})" if lenses[0].distorts else name)
    return [*rows, Row("cameras", "ok", ", ".join(usable))] if usable else rows


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    width = max(len(row.what) for row in rows)
    return "".join(f"{row.verdict:<5} {row.what:<{width}}  {row.words}\n" for row in rows)


def check_robot(options: argparse.Namespace, facts: dict[str, Any] | None = None) -> int:
    """Print the table for the Spot that the options name, or for a simulated one; 0 if it is ready, else 3.

    options: see `app.parts.spot.add_target`. facts: gets the rows as `robot`, see docs/checking.md, instead of what is
    printed.
    """
    simulated = options.hostname == SIMULATED
    rows = _preflight_simulated(options) if simulated else preflight(target_of(options))
    failures = sum(row.verdict == "fail" for row in rows)
    if facts is not None:
        facts["robot"] = [asdict(row) for row in rows]
        return BROKEN if failures else SUCCESS
    tell(table(rows))
    tell(f"{options.hostname}: {f'not ready, {failures} to mend' if failures else 'ready'}\n")
    return BROKEN if failures else SUCCESS


def _preflight_simulated(options: argparse.Namespace) -> list[Row]:
    """A simulated Spot with the fake robot behind it: physics does not matter here."""
    refuse_target(options)
    try:
        from simulation.spot_api import SpotServer
    except ImportError as error:
        raise missing(error) from error
    from behaviours.robots.fake.robot import FakeRobot

    with SpotServer(FakeRobot()) as server:
        return preflight(Target("127.0.0.1", server.port, server.ca_file, (server.username, server.password)))
