"""The charts of tilt and foot forces: what a robot on legs told, and nothing of one that told nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.report.balance import FEET, balance, tilts_deg
from behaviours.recording.states import POSE, StateTable
from perception.base.errors import ConfigError
from perception.geometry import Pose

ANGLE = st.floats(-1.5, 1.5)


def table(rows: list[tuple[Pose, list[float]]], feet: tuple[str, ...]) -> StateTable:
    columns = ("t_s", *(f"body_{value}" for value in POSE), *(f"foot_{foot}_n" for foot in feet))
    values = [[0.05 * at, *pose.position_m, *pose.quaternion_wxyz, *forces] for at, (pose, forces) in enumerate(rows)]
    return StateTable(columns, np.array(values))


def recorded(states: StateTable) -> Any:
    return SimpleNamespace(states=lambda: states)


@given(roll=ANGLE, pitch=ANGLE, yaw=st.floats(-3.0, 3.0))
def test_the_tilt_is_that_of_the_vertical_whatever_the_heading(roll: float, pitch: float, yaw: float) -> None:
    pose = Pose.from_rpy((roll, pitch, yaw))
    expected = np.degrees(np.arccos(np.clip(pose.rotation[2, 2], -1.0, 1.0)))
    assert abs(tilts_deg(table([(pose, [])], ()))[0] - expected) < 1e-4


def test_each_foot_has_a_chart_with_its_forces_and_unknown_values_are_left_out() -> None:
    pose = Pose.from_rpy((0.3, 0.0, 0.0))
    rows = [(pose, [100.0, np.nan]), (pose, [900.0, 50.0]), (pose, [-20.0, 60.0])]
    page = balance(recorded(table(rows, ("fl", "hr"))))
    assert page.count("<svg") == 3
    assert all(FEET[foot] in page for foot in ("fl", "hr"))
    assert page.count("polyline") == 3
    counts = [part.split('points="')[1].split('"')[0].count(",") for part in page.split("<polyline")[1:]]
    assert counts == [3, 3, 2]


@pytest.mark.parametrize("recording", [None, recorded(table([(Pose.identity(), [])], ()))])
def test_a_robot_that_tells_no_forces_has_no_charts(recording: Any) -> None:
    assert balance(recording) == ""


def test_damaged_states_are_no_charts() -> None:
    def broken() -> StateTable:
        raise ConfigError("states.csv: its first line names no columns")

    assert balance(SimpleNamespace(states=broken)) == ""  # type: ignore[arg-type]


def test_feet_without_any_known_force_draw_nothing() -> None:
    page = balance(recorded(table([(Pose.identity(), [np.nan])], ("fl",))))
    assert page.count("<svg") == 1
