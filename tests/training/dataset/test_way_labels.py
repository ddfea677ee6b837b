"""Labels of the family of grasps: geometry before physics, grasps whose outcome nobody doubts, and the folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.hand.family import WAYS, hand_pose_of, rotation_of
from simulation.scene.low_objects import make_low_object
from tests.support.engine_jobs import InlineMapper
from training.dataset.folder import digest, npz_bytes
from training.dataset.verify import info, verify
from training.dataset.ways import catalogue
from training.dataset.ways.candidates import KINDS, ask, candidate_at, solid_points, span_at
from training.dataset.ways.catalogue import WayPlan, label_catalogue
from training.dataset.ways.labels import WayLabels

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
    point, rotation = np.array([0.0, 0.0, 0.05]), rotation_of(TOP, (0, 0, 1), AHEAD)
    alone = candidate_at(TOP, point, rotation, solid(BAR))
    assert alone is not None
    assert alone.clearance_m > 0.0
    assert alone.closing.distance_m(alone.world_from_hand) == pytest.approx(0.009)
    far, above = (box((0.02, 0.02, 0.05), middle) for middle in ((0.0, 0.15, 0.1), (0.0, 0.0, 0.2)))
    assert candidate_at(TOP, point, rotation, solid(BAR, far)) is not None
    assert candidate_at(TOP, point, rotation, solid(BAR, above)) is None


def test_what_is_too_wide_or_too_low_is_ruled_out() -> None:
    rotation = rotation_of(TOP, (0, 0, 1), AHEAD)
    wide, flat = box((0.15, 0.2, 0.06), (0, 0, 0.03)), box((0.04, 0.2, 0.008), (0, 0, 0.004))
    assert candidate_at(TOP, np.array([0, 0, 0.06]), rotation, solid(wide)) is None
    assert candidate_at(TOP, np.array([0, 0, 0.008]), rotation, solid(flat)) is None


def test_every_way_that_applies_is_asked_for_and_its_jaw_axis_is_kept() -> None:
    points, normals = np.array([[0, 0, 0.05], [0.02, 0, 0.025]]), np.array([[0, 0, 1.0], [1.0, 0, 0]])
    asked = ask(points, normals, solid(BAR), np.random.default_rng(0))
    assert [(one.sample, KINDS[one.kind].approach == "side") for one in asked].count((1, True)) == 1
    assert len(asked) == 2 * len(KINDS) - 1, "the side way needs a side"
    assert all(np.linalg.norm(one.axis) == pytest.approx(1.0) and abs(one.axis[2]) < 1e-9 for one in asked)


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
    from simulation.genesis.physics import init_genesis

    init_genesis()
    plan = WayPlan(1, ("tin",), 0, (), None, 1, 12, 0)
    summary = label_catalogue(plan, tmp_path, InlineMapper())
    name = plan.jobs[0].file
    content = (tmp_path / name).read_bytes()
    assert summary["counts"]["objects"] == 1
    assert summary["counts"]["held"] <= summary["counts"]["tried"] <= summary["counts"]["asked"] <= 12 * len(KINDS)
    with np.load(tmp_path / name) as data:
        assert data["poses"].shape == (len(data["held"]), 4, 4)
        axes = np.einsum("nij,nj->ni", data["poses"][:, :3, :3], np.tile([0.0, 0.0, 1.0], (len(data["held"]), 1)))
        turned = np.einsum("ni,ni->n", axes, data["axis"][data["asked"]])
        least = np.cos(np.radians(22.6)) * np.cos(max(SPOT_TIPS.low_lean_rad, SPOT_TIPS.wide_lean_rad))
        assert (turned > least).all(), "the jaws turn by at most half a roll, and lean over low or wide objects"
        assert (data["held"] <= data["lifted"]).all()
    assert label_catalogue(plan, tmp_path, InlineMapper()) == summary, "nothing is done again"
    (tmp_path / name).unlink()
    assert label_catalogue(plan, tmp_path, InlineMapper()) == summary
    assert (tmp_path / name).read_bytes() == content, "equal plans give equal bytes"
    with pytest.raises(ConfigError, match="samples"):
        label_catalogue(WayPlan(1, ("tin",), 0, (), None, 1, 13, 0), tmp_path, InlineMapper())


def labels_of_a_bar() -> dict[str, np.ndarray]:
    """A bar along y, gripped from above all over: what closes across it holds, what closes along it does not."""
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-0.02, 0.02, 900), rng.uniform(-0.1, 0.1, 900), np.full(900, 0.05)], axis=1)
    yaw = rng.uniform(-np.pi, np.pi, 900)
    axes = np.stack([np.cos(yaw), np.sin(yaw), np.zeros(900)], axis=1)
    across = np.abs(axes[:, 0]) > np.cos(np.radians(30.0))
    return {
        "rests": np.eye(4)[None],
        "points": points[None],
        "normals": np.tile([0.0, 0.0, 1.0], (1, 900, 1)),
        "rest": np.zeros(900, int),
        "sample": np.arange(900),
        "way": np.full(900, WAYS.index(TOP)),
        "axis": axes,
        "asked": np.flatnonzero(across),
        "span_m": np.tile([-0.02, 0.02], (int(across.sum()), 1)),
        "held": np.ones(int(across.sum()), bool),
    }


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished folder of labels of two bars."""
    bar = labels_of_a_bar()
    tried = len(bar["held"])
    whole = {**bar, "shares": np.ones(1), "poses": np.tile(np.eye(4), (tried, 1, 1)), "opened_rad": np.ones(tried)}
    content = WayLabels({**whole, "clearance_m": np.zeros(tried), "lifted": bar["held"]}).to_bytes()
    monkeypatch.setattr(catalogue, "way_job", lambda job: [(job.file, content)])
    label_catalogue(WayPlan(2, ("tin",), 0, (), None, 1, 900, 0), tmp_path, InlineMapper())
    return tmp_path


def test_a_folder_of_way_labels_tells_what_it_holds_and_that_it_is_whole(labelled: Path) -> None:
    told = info(labelled)
    assert told["complete"]
    assert told["counts"]["objects"] == told["there"]["labels"] == 2
    assert "files" not in told
    assert verify(labelled) == []
    (labelled / "ways.json").unlink()
    assert not info(labelled)["complete"]
    with pytest.raises(ConfigError, match="spot-grasp dataset ways again"):
        verify(labelled)


def test_every_fault_of_way_labels_is_named(labelled: Path) -> None:
    one, two = sorted((labelled / "labels").glob("*.npz"))
    one.write_bytes(one.read_bytes()[:-1])
    two.unlink()
    (labelled / "labels" / "more.npz").write_bytes(b"")
    faults = verify(labelled)
    assert [one.name in faults[0], two.name in faults[1], "more.npz: not in" in faults[2]] == [True] * 3
    assert ["bytes, expected" in faults[0], "missing" in faults[1]] == [True] * 2
    content = json.loads((labelled / "ways.json").read_text())
    content["plan"]["samples"] = 5
    (labelled / "ways.json").write_text(json.dumps(content))
    assert "plan.json: is not the plan that ways.json has" in verify(labelled)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [("held", lambda held: held[:-1], "held has the shape"), ("way", lambda way: way + 90, "way has numbers outside"),
     ("axis", lambda axis: axis * np.nan, "not finite"), ("lifted", lambda lifted: ~lifted, "not lifted"),
     ("poses", None, "no array poses")],
)  # fmt: skip
def test_arrays_that_cannot_be_are_named(labelled: Path, name: str, change: Any, words: str) -> None:
    path = sorted((labelled / "labels").glob("*.npz"))[0]
    with np.load(path) as data:
        arrays = {key: data[key] for key in data.files}
    arrays.update({name: change(arrays[name])} if change else {})
    path.write_bytes(npz_bytes(**{key: array for key, array in arrays.items() if change or key != name}))
    content = json.loads((labelled / "ways.json").read_text())
    content["files"][f"labels/{path.name}"] = {"bytes": path.stat().st_size, "sha256": digest(path)}
    (labelled / "ways.json").write_text(json.dumps(content))
    (fault,) = verify(labelled)
    assert words in fault


def test_half_of_the_grasps_on_a_rim_close_straight_across_it() -> None:
    count = 200
    angle = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    out = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    asked = ask(0.05 * out + [0.0, 0.0, 0.08], out, np.zeros((4, 3)), np.random.default_rng(0))
    across = [abs(float(one.axis @ out[one.sample])) > 0.999 for one in asked if KINDS[one.kind].approach == "top"]
    assert 0.4 < np.mean(across) < 0.6
