"""Laws of the legs: kinematics, weight, and the order of what the gait policy is told and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from behaviours.robots.spot import arm as spot_arm
from perception.base.errors import ConfigError, ModelError
from perception.geometry import Pose
from simulation.genesis.legs.gait_file import gait_file
from simulation.genesis.legs.kinematics import HIGHEST, LOWEST, feet_of, legs_at
from simulation.genesis.legs.policy import (
    DEFAULT_JOINTS,
    DEFAULT_LEGS,
    INPUTS,
    OUTPUTS,
    GaitPolicy,
    GaitState,
    answer_for,
    leg_targets,
    observation,
)
from simulation.genesis.legs.stance import first_legs
from simulation.genesis.legs.weight import ARM_KG, GRAVITY_MPS2, TOTAL_KG, arm_weight, foot_loads, leg_weight
from simulation.robot_files.spot_model import FOOT_RADIUS_M, HIP_ORIGINS_M, LOWER_LEG_M, UPPER_LEG_OFFSET_Y_M

Array = NDArray[np.float64]
LEGS = st.lists(st.floats(-0.35, 0.35), min_size=12, max_size=12).map(
    lambda turns: np.tile([0.0, 0.8, -1.5], 4) + np.array(turns)
)
ARMS = st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6).map(
    lambda turns: np.clip(np.array(spot_arm.READY) + np.array(turns), spot_arm.LOWER, spot_arm.UPPER)
)
TILTS = st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)).map(lambda tilt: Pose.from_rpy((*tilt, 0.0)))
DOWN = np.array([0.0, 0.0, -1.0])


@given(LEGS)
def test_the_legs_reach_where_their_feet_are(legs: Array) -> None:
    assert legs_at(feet_of(legs)) == pytest.approx(np.clip(legs, LOWEST, HIGHEST), abs=1e-9)


def test_straight_legs_hang_below_their_hips() -> None:
    foot = feet_of(np.zeros(12))[0]
    hung = np.array([0.025, UPPER_LEG_OFFSET_Y_M, -0.32 - LOWER_LEG_M])
    assert foot - HIP_ORIGINS_M[0] == pytest.approx(hung, abs=1e-9)


@given(st.lists(st.floats(-3.0, 3.0), min_size=12, max_size=12))
def test_no_place_of_a_foot_asks_for_more_than_a_leg_can(places: list[float]) -> None:
    legs = legs_at(np.array(places).reshape(4, 3))
    assert np.isfinite(legs).all()
    assert (legs >= LOWEST).all()
    assert (legs <= HIGHEST).all()


@given(ARMS, TILTS)
def test_the_arms_torques_are_the_slope_of_its_height(arm: Array, tilt: Pose) -> None:
    def energy(joints: Array) -> float:
        return -GRAVITY_MPS2 * float(arm_weight(joints, tilt.rotation.T @ DOWN)[1] @ tilt.rotation.T @ DOWN)

    step = 1e-5
    slopes = [(energy(arm + step * unit) - energy(arm - step * unit)) / (2 * step) for unit in np.eye(6)]
    assert arm_weight(arm, tilt.rotation.T @ DOWN)[0] == pytest.approx(slopes, abs=1e-4)


@given(ARMS, TILTS)
def test_the_legs_carry_the_whole_weight(arm: Array, tilt: Pose) -> None:
    """Sinking evenly, the legs' torques do as much work as the weight."""
    down = tilt.rotation.T @ DOWN
    legs, step = first_legs(), 1e-6
    torques = leg_weight(legs, arm_weight(arm, down)[1], down)
    sunk = legs_at(feet_of(legs) - step * down)
    assert float(torques @ (sunk - legs)) / step == pytest.approx(-TOTAL_KG * GRAVITY_MPS2, rel=1e-3)


@given(LEGS, ARMS)
def test_the_loads_of_the_feet_are_read_from_the_torques_that_carry_them(legs: Array, arm: Array) -> None:
    torques = leg_weight(legs, arm_weight(arm, DOWN)[1], DOWN)
    assert foot_loads(legs, torques, DOWN).sum() == pytest.approx(TOTAL_KG * GRAVITY_MPS2, rel=1e-3)


def test_a_robot_that_is_put_down_stands_on_its_feet() -> None:
    assert feet_of(first_legs())[:, 2] == pytest.approx(np.full(4, FOOT_RADIUS_M - 0.52))
    assert float(ARM_KG.sum()) < 10.0


def state(**more: Array) -> GaitState:
    zeros = {
        "velocity_mps": 3,
        "rates_radps": 3,
        "down": 3,
        "command": 3,
        "arm_target": 7,
        "joint_rates": 19,
        "last": 12,
    }
    values = {name: np.zeros(size) for name, size in zeros.items()} | {"joints": DEFAULT_JOINTS} | more
    return GaitState(**values)


def test_what_the_policy_is_told_stands_where_it_expects_it() -> None:
    told = observation(
        state(velocity_mps=np.full(3, 1.0), rates_radps=np.full(3, 2.0), down=np.full(3, 3.0), command=np.full(3, 4.0),
              arm_target=np.full(7, 5.0), last=np.full(12, 6.0))
    )  # fmt: skip
    assert told.shape == (INPUTS,)
    assert told.tolist() == pytest.approx(
        [1.0] * 3
        + [2.0] * 3
        + [3.0] * 3
        + [4.0] * 3
        + [5.0] * 7
        + [0.0] * 12
        + [0.0, 0.0, 0.52]
        + [0.0] * 38
        + [6.0] * 12
    )


@pytest.mark.parametrize(
    ("joint", "place"),
    [("fl_hx", 1), ("fl_hy", 6), ("fl_kn", 11), ("hr_kn", 14), ("sh0", 0), ("sh1", 5), ("el0", 10), ("f1x", 18)],
)
def test_each_joint_has_its_place_among_the_inputs(joint: str, place: int) -> None:
    legs = [f"{leg}_{kind}" for leg in ("fl", "fr", "hl", "hr") for kind in ("hx", "hy", "kn")]
    index = [*legs, "sh0", "sh1", "el0", "el1", "wr0", "wr1", "f1x"].index(joint)
    moved = DEFAULT_JOINTS.copy()
    moved[index] += 1.0
    assert np.flatnonzero(observation(state(joints=moved))[34:53]).tolist() == [place]
    rates = np.zeros(19)
    rates[index] = 1.0
    assert np.flatnonzero(observation(state(joint_rates=rates))[53:72]).tolist() == [place]


@given(st.lists(st.floats(-5.0, 5.0), min_size=12, max_size=12))
def test_answers_and_targets_are_each_others_inverse(answer: list[float]) -> None:
    assert answer_for(leg_targets(np.array(answer))) == pytest.approx(answer, abs=1e-9)


def test_answers_come_by_kind_of_joint() -> None:
    answer = np.zeros(12)
    answer[1] = 1.0  # the second hip roll: front right
    assert np.flatnonzero(leg_targets(answer) - DEFAULT_LEGS).tolist() == [3]


def network(path: Path, inputs: int, outputs: int) -> Path:
    weights = numpy_helper.from_array(np.ones((inputs, outputs), np.float32), "w")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (("obs", inputs), ("actions", outputs))
    ]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["obs", "w"], ["actions"])], "g", ends[:1], ends[1:], [weights]
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_policy_of_another_form_is_refused(tmp_path: Path) -> None:
    assert GaitPolicy(network(tmp_path / "good.onnx", INPUTS, OUTPUTS)).answer(state()).shape == (OUTPUTS,)
    with pytest.raises(ModelError, match=r"bad.onnx: not a usable gait network: expected one input \(1, 84\)"):
        GaitPolicy(network(tmp_path / "bad.onnx", 48, OUTPUTS))
    with pytest.raises(ModelError, match=r"missing.onnx"):
        GaitPolicy(tmp_path / "missing.onnx")


def test_the_public_policy_is_found_without_importing_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="pip install --no-deps judo-rai"):
        gait_file("judo")
    inside = tmp_path / "judo" / "models" / "policies" / "spot_locomotion.onnx"
    inside.parent.mkdir(parents=True)
    inside.touch()
    (tmp_path / "judo" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert gait_file("judo") == inside
