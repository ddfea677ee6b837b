"""What the judge of single grasps is shown, and that a run takes the grasp that it likes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ModelError
from perception.geometry import Pose
from perception.grasping.choose import choose_grasp
from perception.grasping.judge_input import VALUES, X_M, Y_M, Z_M, judge_input
from perception.grasping.propose import propose_grasps
from perception.grasping.settings import GraspSettings
from perception.grasping.surroundings import Clearances, Surroundings
from perception.hand.family import WAYS, beside
from perception.quality.judge import CELLS, CHANNELS, VERSION, OnnxJudge
from perception.surface.support import Plane, Support
from perception.types import Detection, Grasp, Heatmap, Rejection, RgbdFrame, WayMaps
from perception.view import View
from tests.perception.grasping.test_propose import LOW
from tests.perception.grasping.test_way_choice import maps_of
from tests.perception.surface.test_support import seen_from
from tests.support.onnx_files import save
from tests.support.synthetic import HAND_CAMERA, Cylinder

SIDE = HAND_CAMERA.width
CAMERA = replace(HAND_CAMERA, cx=(SIDE - 1) / 2)
"""Its pictures can be mirrored."""
DOWN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])


def scene(seed: int, count: int = 3) -> tuple[Surroundings, list[Grasp], Clearances]:
    """A random heap of points on the floor, seen from a camera that looks down, and random hands about it."""
    rng = np.random.default_rng(seed)
    own, others = rng.normal((0.6, 0.0, 0.04), 0.02, (300, 3)), rng.normal((0.66, 0.03, 0.04), 0.03, (200, 3))
    camera = Pose(np.array([[0.0, -0.6, 0.8], [-1.0, 0.0, 0.0], [0.0, -0.8, -0.6]]), np.array([0.0, 0.01, 0.5]))
    depth = rng.uniform(0.5, 0.9, CAMERA.shape).astype(np.float32)
    frame = RgbdFrame(np.zeros((*CAMERA.shape, 3), np.uint8), depth, CAMERA, camera, 0.0)
    mask = np.zeros(CAMERA.shape, bool)
    view = View(frame, Detection("thing", 1.0, mask, (0.0, 0.0, 1.0, 1.0)))
    floor = Support((Plane(np.zeros(2), 0.0, 0.004, 1.0),), np.array([0.6, 0.0]), np.zeros((2, 2), np.int8), 0.02)
    other = rng.random(CAMERA.shape) < 0.5
    none = np.zeros((0, 3))
    around = Surroundings(view, own, none, others, none, floor, 0.005, depth, other, 1, (0, 0))
    grasps = []
    for _ in range(count):
        turn = Pose.from_rpy(tuple(rng.uniform(-0.5, 0.5, 3))).rotation
        hand = Pose(turn @ DOWN, rng.normal((0.6, 0.0, 0.07), 0.02))
        point = rng.normal((0.6, 0.0, 0.05), 0.01)
        grasps.append(
            Grasp((320, 240), 0.6, point, np.array([0.0, 0.0, 1.0]), hand, float(rng.uniform(0.02, 0.09)), 0.5)
        )
    checked = Clearances([""] * count, rng.integers(0, 7, count), rng.uniform(0, 0.1, count), rng.random(count))
    return around, grasps, checked


def shown(around: Surroundings, grasps: list[Grasp], checked: Clearances, maps: WayMaps) -> np.ndarray:
    return judge_input(around, grasps, checked, maps, SPOT.gripper)


def uneven() -> WayMaps:
    """Maps in which each way has another value."""
    return maps_of({way.name: 0.05 * (index + 1) for index, way in enumerate(WAYS)})


def test_its_shape_and_range() -> None:
    tensor = shown(*scene(0), uneven())
    assert tensor.shape == (3, CHANNELS, CELLS, CELLS)
    assert tensor.dtype == np.float32
    pictures, values = tensor[:, :9], tensor[:, 9].reshape(3, -1)
    assert ((pictures >= -1.0) & (pictures <= 1.0)).all()
    assert not values[:, VALUES:].any()
    assert values[:, : len(WAYS)] == pytest.approx(np.tile(0.05 * np.arange(1, len(WAYS) + 1), (3, 1)))
    assert np.linalg.norm(values[:, VALUES - 3 : VALUES], axis=1) == pytest.approx(1.0), "the vertical is a direction"


def test_a_point_is_in_the_cell_where_the_hand_has_it() -> None:
    around, grasps, checked = scene(1, count=1)
    hand = beside(grasps[0].world_from_hand, SPOT.gripper)
    here = np.array([0.0112, 0.0013, 0.0238])
    alone = replace(around, own=np.tile(hand.transform(here), (40, 1)), others=np.zeros((0, 3)))
    (tensor,) = shown(alone, grasps, checked, uneven())
    down, across, right = (int((place - low) / 0.005) for place, low in zip(here, (X_M, Y_M, Z_M), strict=True))
    assert np.argwhere(tensor[0]).tolist() == [[down, right]]
    assert np.argwhere(tensor[4]).tolist() == [[across, right]]
    assert tensor[0, down, right] == pytest.approx(1.0, abs=1e-5), "forty points fill a cell"
    assert tensor[5, across, right] == tensor[6, across, right] == pytest.approx(here[0] / 0.06)
    assert not tensor[[1, 7]].any()


@given(st.integers(0, 2**31), st.floats(-np.pi, np.pi), st.tuples(*[st.floats(-2.0, 2.0)] * 3))
@settings(max_examples=20)
def test_moving_and_turning_the_whole_world_changes_nothing(
    seed: int, yaw: float, move: tuple[float, float, float]
) -> None:
    around, grasps, checked = scene(seed)
    moved = Pose.from_rpy((0.0, 0.0, yaw), move)
    frame = around.view.frame
    there = replace(
        around,
        view=View(replace(frame, world_from_camera=moved @ frame.world_from_camera), around.view.detection),
        own=moved.transform(around.own),
        others=moved.transform(around.others),
        support=replace(around.support, planes=(replace(around.support.planes[0], at_origin_m=move[2]),)),
    )
    gone = [
        replace(one, world_from_hand=moved @ one.world_from_hand, point_world_m=moved.transform(one.point_world_m))
        for one in grasps
    ]
    before, after = shown(around, grasps, checked, uneven()), shown(there, gone, checked, uneven())
    assert_alike(before, after)


def assert_alike(one: np.ndarray, two: np.ndarray) -> None:
    """Equal but for rounding, and for a place or two that rounding puts into the next pixel."""
    assert (np.abs(one - two) > 1e-4).mean() < 1e-3


def in_mirror(around: Surroundings, grasps: list[Grasp]) -> tuple[Surroundings, list[Grasp]]:
    """The same world with left and right exchanged."""
    flip = np.array([1.0, -1.0, 1.0])
    frame = around.view.frame
    pose = frame.world_from_camera
    camera = Pose(flip[:, None] * pose.rotation * [-1.0, 1.0, 1.0], flip * pose.position_m)
    depth = np.ascontiguousarray(frame.depth[:, ::-1])
    view = View(replace(frame, depth=depth, world_from_camera=camera), around.view.detection)
    there = replace(
        around, view=view, own=around.own * flip, others=around.others * flip,
        depth=around.depth[:, ::-1], other=around.other[:, ::-1],
    )  # fmt: skip
    gone = []
    for one in grasps:
        hand, way_in = one.world_from_hand, flip * one.world_from_hand.position_m
        rotation = flip[:, None] * hand.rotation * flip
        gone.append(replace(one, world_from_hand=Pose(rotation, way_in), point_world_m=flip * one.point_world_m))
    return there, gone


@given(st.integers(0, 2**31))
@settings(max_examples=20)
def test_in_the_mirror_it_is_what_training_makes_of_it(seed: int) -> None:
    torch: Any = pytest.importorskip("torch")
    from training.heatmap.recipes import MIRRORED
    from training.judge.network import mirror

    around, grasps, checked = scene(seed)
    maps = uneven()
    plain, mirrored_maps = shown(around, grasps, checked, maps), replace(maps, quality=maps.quality[MIRRORED])
    real = shown(*in_mirror(around, grasps), checked, mirrored_maps)
    made = mirror(torch.from_numpy(plain), torch.tensor([True, False, True])).numpy()
    assert (made[1] == plain[1]).all()
    assert_alike(made[[0, 2]], real[[0, 2]])


def judge_that_likes(path: Path, value: int, sign: float, version: int = VERSION) -> OnnxJudge:
    """A judge whose chance grows with one of the values, or falls for a negative sign."""
    row, column = divmod(value, CELLS)
    constants = {
        "a": np.array([9, row, column]), "b": np.array([10, row + 1, column + 1]), "axes": np.array([1, 2, 3]),
        "sign": np.array(sign, np.float32), "shape": np.array([-1, 1]),
    }  # fmt: skip
    nodes = [
        helper.make_node("Slice", ["input", "a", "b", "axes"], ["one"]),
        helper.make_node("Mul", ["one", "sign"], ["more"]),
        helper.make_node("Sigmoid", ["more"], ["each"]),
        helper.make_node("Reshape", ["each", "shape"], ["chance"]),
    ]
    inputs = {"input": ["K", CHANNELS, CELLS, CELLS]}
    meta = {"preprocessing_version": str(version)}
    return OnnxJudge(save(path, nodes, constants, inputs, {"chance": ["K", 1]}, meta))


VERTICAL_X = VALUES - 3
"""Among the values: the vertical along the hand's x, -1 for a hand that points straight down."""


@pytest.mark.parametrize(("sign", "clearly", "down"), [(-5.0, 0.05, True), (-5.0, 0.15, False), (5.0, 0.05, False)])
def test_a_run_takes_the_grasp_that_the_judge_likes_clearly_better(
    sign: float, clearly: float, down: bool, tmp_path: Path
) -> None:
    view = seen_from(Cylinder(height=0.15), 30).seen()
    judge = judge_that_likes(tmp_path / "judge.onnx", VERTICAL_X, sign)
    maps = replace(maps_of({"top-90-tips": 0.6, "side-wrap": 0.6}), judge=judge)
    heatmap = Heatmap(np.full(view.detection.mask.shape, 0.5, np.float32), maps)
    asked: Any = {"gripper": SPOT.gripper, "tips": SPOT.tips, "reach": None, "approach": "any"}
    found = propose_grasps(view, **asked, maps=maps, most=4)
    assert not isinstance(found, Rejection)
    chosen = choose_grasp(view, heatmap, **asked, settings=GraspSettings(clearly=clearly))
    assert isinstance(chosen, Grasp)
    steep = chosen.world_from_hand.rotation[2, 0]
    assert (steep < -0.9) == down, "the heatmap's grasp from the side is rated with those from above"
    assert chosen.score == pytest.approx(1 / (1 + np.exp(-sign * steep)), abs=0.01)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_file_that_is_no_judge_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "judge.onnx"
    with pytest.raises(ModelError, match="no such file; expected the judge network; leave it out"):
        OnnxJudge(path)
    with pytest.raises(ModelError, match=f"made for version {VERSION + 1} of the input"):
        judge_that_likes(path, 0, 1.0, VERSION + 1)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match="judge"):
        OnnxJudge(path)
    from tests.support.onnx_files import channel_network

    with pytest.raises(ModelError, match="expected one input"):
        OnnxJudge(channel_network(path, 0))
    some = judge_that_likes(path, 0, 1.0)
    with pytest.raises(ModelError, match="judge"):
        some.rate(np.zeros((1, CHANNELS + 1, CELLS, CELLS), np.float32))


def test_what_the_judge_does_not_like_is_still_done_if_there_is_nothing_else() -> None:
    class Silent:
        def rate(self, tensor: np.ndarray) -> np.ndarray:
            assert len(tensor), "never asked about nothing"
            return np.zeros(len(tensor), np.float32)

    maps = replace(maps_of({"top-90-tips": 0.6}), judge=Silent())
    found = propose_grasps(
        seen_from(LOW, 40).seen(),
        gripper=SPOT.gripper,
        tips=SPOT.tips,
        reach=None,
        maps=maps,
        approach="top",  # type: ignore[arg-type]
    )
    assert not isinstance(found, Rejection), "what it does not like is still the best that there is"
    assert found[0].score == 0.0
