"""Labels of the family of grasps: geometry before physics, grasps whose outcome nobody doubts, and the folder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.grasping.family import WAYS, hand_pose_of, rotation_of
from simulation.scene.low_objects import make_low_object
from training.common.mapping import LocalMapper
from training.dataset.way_candidates import KINDS, candidate_at, candidates, solid_points, span_at
from training.dataset.way_catalogue import WayPlan, label_catalogue

pytest.importorskip("trimesh")

TOP = next(way for way in WAYS if way.name == "top-0-tips")
AHEAD = (1.0, 0.0, 0.0)


def box(size: tuple[float, float, float], middle: tuple[float, float, float]) -> np.ndarray:
    corners = np.stack(np.meshgrid(*[(-0.5, 0.5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return corners * size + middle


def solid(*parts: np.ndarray) -> np.ndarray:
    return solid_points(list(parts), 4000, 0)


BAR = box((0.04, 0.20, 0.05), (0.0, 0.0, 0.025))


def test_solid_points_fill_a_part_and_lie_in_it() -> None:
    points = solid(BAR)
    assert (np.abs(points[:, 0]) <= 0.02 + 1e-9).all()
    assert (np.abs(points[:, 0]) < 0.01).mean() > 0.2


@given(st.floats(-0.08, 0.08), st.floats(-0.018, 0.018))
@settings(max_examples=20, deadline=None)
def test_the_span_reaches_from_side_to_side_wherever_the_point_is(along: float, off: float) -> None:
    rotation = rotation_of(TOP, (0, 0, 1), AHEAD)
    low, high = span_at(solid(BAR), np.array([off, along, 0.05]), rotation, (-0.005, 0.028))
    assert (low + off, high + off) == pytest.approx((-0.02, 0.02), abs=0.001)


def test_walls_with_room_for_a_jaw_between_them_are_gripped_one_by_one() -> None:
    left, right = (box((0.005, 0.1, 0.06), (x, 0.0, 0.03)) for x in (-0.04, 0.04))
    rotation = rotation_of(TOP, (0, 0, 1), AHEAD)
    low, high = span_at(solid(left, right), np.array([-0.04, 0.0, 0.06]), rotation, (-0.005, 0.028))
    assert high - low == pytest.approx(0.005, abs=0.001)
    near = box((0.005, 0.1, 0.06), (-0.02, 0.0, 0.03))
    low, high = span_at(solid(left, near), np.array([-0.04, 0.0, 0.06]), rotation, (-0.005, 0.028))
    assert high - low == pytest.approx(0.025, abs=0.001)


def test_a_neighbour_in_the_way_in_rules_a_grasp_out() -> None:
    point, up = np.array([0.0, 0.0, 0.05]), (0.0, 0.0, 1.0)
    alone = candidate_at(TOP, point, up, AHEAD, solid(BAR), turned=False)
    assert alone is not None
    assert alone[3] > 0.0
    post = box((0.02, 0.02, 0.2), (0.0, 0.15, 0.1))
    assert candidate_at(TOP, point, up, AHEAD, solid(BAR, post), turned=False) is not None
    above = box((0.02, 0.02, 0.05), (0.0, 0.0, 0.2))
    assert candidate_at(TOP, point, up, AHEAD, solid(BAR, above), turned=False) is None


def test_what_is_too_wide_or_too_low_is_ruled_out() -> None:
    up = (0.0, 0.0, 1.0)
    wide, flat = box((0.15, 0.2, 0.06), (0, 0, 0.03)), box((0.04, 0.2, 0.02), (0, 0, 0.01))
    assert candidate_at(TOP, np.array([0, 0, 0.06]), up, AHEAD, solid(wide), turned=False) is None
    assert candidate_at(TOP, np.array([0, 0, 0.02]), up, AHEAD, solid(flat), turned=False) is None


def test_candidates_name_their_sample_and_kind() -> None:
    points, normals = np.array([[0, 0, 0.05], [0.02, 0, 0.025]]), np.array([[0, 0, 1.0], [1.0, 0, 0]])
    found = candidates(points, normals, solid(BAR), np.random.default_rng(0))
    assert {one.sample for one in found} <= {0, 1}
    assert all(KINDS[one.kind].approach != "side" or one.sample == 1 for one in found)


def test_a_plan_without_objects_is_refused() -> None:
    with pytest.raises(ConfigError, match="--objects"):
        WayPlan(0, (), 0, (), None, 1, 1, 0)
    with pytest.raises(ConfigError, match="pear"):
        WayPlan(1, ("pear",), 0, (), None, 1, 1, 0)


def test_a_split_keeps_its_objects() -> None:
    plans = [WayPlan(10, (), 0, (), split, 1, 1, 0) for split in ("train", "val", "test", None)]
    names = [{str(job) for job in plan.jobs} for plan in plans]
    assert names[0] | names[1] | names[2] == names[3]
    assert sum(map(len, names[:3])) == len(names[3]) == 120


@pytest.mark.simulation
def test_physics_tells_a_grip_amid_the_jaws_from_a_miss(tmp_path) -> None:
    pytest.importorskip("genesis")
    from simulation.genesis.physics import init_genesis
    from simulation.trials.resting_trials import RestingBench

    init_genesis()
    thing = make_low_object("tin", 3)
    up = Pose(np.eye(3), np.array([0.0, 0.0, 0.0005]))
    with RestingBench(thing, 4) as bench:
        rest, tilted = bench.settle([up, up @ Pose.from_rpy((0.5, 0.0, 0.0))])
        assert rest is not None
        assert tilted is None
        assert len(bench.parts) == 1
        point = rest.transform([0.0, 0.0, thing.height_m])
        rotation = rotation_of(TOP, (0, 0, 1), (0.0, 1.0, 0.0))
        half = np.ptp(thing.vertices[:, 1]) / 2
        good = hand_pose_of(TOP, point, rotation, (-half, half), 0.0, SPOT.gripper, SPOT_TIPS)
        assert good is not None
        miss = Pose(good.rotation, good.position_m + np.array([0.0, 0.0, 0.08]))
        found = bench.run([good, miss] * 3, [rest] * 6, np.full(6, 1.2), 3.0)
    assert found.held.tolist() == found.lifted.tolist() == [True, False] * 3


@pytest.mark.simulation
def test_a_label_run_goes_on_where_it_stopped_and_lists_its_files(tmp_path) -> None:
    pytest.importorskip("genesis")
    plan = WayPlan(1, ("tin",), 0, (), None, 1, 12, 0)
    summary = label_catalogue(plan, tmp_path, LocalMapper(1))
    name = plan.jobs[0].file
    content = (tmp_path / name).read_bytes()
    assert summary["counts"]["objects"] == 1
    assert summary["counts"]["held"] <= summary["counts"]["tried"] <= summary["counts"]["asked"] <= 12 * len(KINDS)
    with np.load(tmp_path / name) as data:
        assert set(data["way"]) <= set(data["kinds"])
        assert data["poses"].shape == (len(data["held"]), 4, 4)
        assert (data["held"] <= data["lifted"]).all()
    assert label_catalogue(plan, tmp_path, LocalMapper(1)) == summary, "nothing is done again"
    (tmp_path / name).unlink()
    assert label_catalogue(plan, tmp_path, LocalMapper(1)) == summary
    assert (tmp_path / name).read_bytes() == content, "equal plans give equal bytes"
    with pytest.raises(ConfigError, match="samples"):
        label_catalogue(WayPlan(1, ("tin",), 0, (), None, 1, 13, 0), tmp_path, LocalMapper(1))
