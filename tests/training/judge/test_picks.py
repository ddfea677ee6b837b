"""Picks: grasps as a run would propose them, tried in physics, and the folder that holds them."""

from __future__ import annotations

import io
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.hand.family import WAYS
from perception.quality.heatmap import DEFAULT_WEIGHTS
from perception.quality.judge import CELLS, CHANNELS, VERSION
from perception.types import Heatmap, WayMaps
from perception.view import View
from simulation.scene.low_objects import make_low_object
from simulation.scene.objects import GraspObject
from simulation.trials.resting_trials import Outcomes
from tests.support.engine_jobs import InlineMapper
from training.dataset.catalogue import split_of
from training.dataset.folder import npz_bytes
from training.dataset.picks import PICK_FILES, SCHEMA, SOURCES, PickPlan
from training.dataset.verify import info, verify
from training.dataset.ways.scenes import Lying
from training.judge import picks
from training.judge.picks import PickJob, make_picks, pick_job, plan_for
from training.judge.pictures import EACH, pictures, proposals

PLAN = PickPlan(1, ("tin",), 0, 1, 1, 1, 0, VERSION, "0" * 64, "1" * 64)
FILE = Path("none.onnx")


class Everywhere:
    """Networks that like each pixel alike, and one way more than the others."""

    def predict(self, view: View) -> Heatmap:
        mask = view.detection.mask
        quality = np.full((len(WAYS), *mask.shape), 0.2, np.float32)
        quality[[way.name for way in WAYS].index("top-90-tips")] = 0.8
        return Heatmap(np.full(mask.shape, 0.5, np.float32), WayMaps(quality, (0.0, 0.0), 1.0))


def tin() -> Lying:
    """A tin as it stands."""
    return Lying(make_low_object("tin", 3), {"rests": np.eye(4)[None]}, 0)


def seen(seed: int) -> tuple[View, Pose]:
    """A picture of the tin."""
    rng = np.random.default_rng(seed)
    return next(one for _ in range(9) for one in pictures(tin(), [], 1, rng))


def test_pictures_show_the_object_where_they_say() -> None:
    view, world_from_lying = seen(0)
    middle = world_from_lying.transform([0.0, 0.0, tin().object.height_m / 2])
    (u, v), (rows, columns) = (
        SPOT.hand_camera.project(view.frame.world_from_camera.inverse().transform(middle)),
        np.nonzero(view.detection.mask),
    )
    assert columns.min() - 5 < u < columns.max() + 5
    assert rows.min() - 5 < v < rows.max() + 5


def test_proposals_of_maps_and_of_geometry_can_be_done_and_are_few() -> None:
    view, _ = seen(1)
    found = proposals(view, Everywhere(), np.random.default_rng(0))
    assert found is not None
    names = [SOURCES[number] for number in found.source]
    assert 0 < names.count("maps") <= EACH
    assert 0 < names.count("shape") <= EACH
    assert names.count("heatmap") <= 1
    assert found.inputs.shape == (len(found.grasps), CHANNELS, CELLS, CELLS)
    assert np.isfinite(found.inputs).all()
    again = proposals(view, Everywhere(), np.random.default_rng(0))
    assert again is not None
    assert (found.inputs == again.inputs).all(), "the same numbers give the same proposals"


def test_networks_without_maps_of_the_ways_give_no_picks() -> None:
    class OnlyHeatmap:
        def predict(self, view: View) -> Heatmap:
            return replace(Everywhere().predict(view), ways=None)

    with pytest.raises(ValueError, match="network of the ways"):
        proposals(seen(1)[0], OnlyHeatmap(), np.random.default_rng(0))


def test_neighbours_are_of_the_same_split() -> None:
    for name in ("tin", "mug"):
        thing = PickJob(PLAN, name, 1_000_003, FILE, FILE)
        others = picks._neighbours(picks.make_any_object(thing.family, thing.number), 2, np.random.default_rng(0))
        assert {split_of(other.item.name) for other in others} == {"val"}


def test_a_plan_names_its_networks_by_their_content(tmp_path: Path) -> None:
    options = {"per_family": 1, "families": (), "skip": 0, "rests": 1, "scenes": 1, "views": 1, "seed": 0}
    other = tmp_path / "other.onnx"
    other.write_bytes(b"other")
    one, two = (plan_for(DEFAULT_WEIGHTS, ways, **options) for ways in (DEFAULT_WEIGHTS, other))
    assert one.heatmap == one.ways == two.heatmap != two.ways
    with pytest.raises(ConfigError, match="missing"):
        plan_for(tmp_path / "missing.onnx", other, **options)
    with pytest.raises(ConfigError, match="--skip 1"):
        plan_for(other, other, **{**options, "skip": 1})


def made_up(job: PickJob) -> list[tuple[str, bytes]]:
    """Picks of no object."""
    rng = np.random.default_rng(job.number)
    arrays = {
        "inputs": rng.random((4, CHANNELS, CELLS, CELLS)).astype(np.float16),
        "good": np.array([True, False, True, False]),
        "picture": np.array([0, 0, 1, 1], np.int32),
        "source": np.array([0, 1, 1, 2], np.int8),
        "score": np.array([0.5, 0.4, 0.3, 0.2], np.float32),
    }
    return [(job.file, npz_bytes(schema=np.int64(SCHEMA), **arrays))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished folder of picks of two objects."""
    monkeypatch.setattr(picks, "pick_job", made_up)
    make_picks(replace(PLAN, per_family=2), FILE, FILE, tmp_path, InlineMapper())
    return tmp_path


def test_a_folder_of_picks_tells_what_it_holds_and_that_it_is_whole(folder: Path) -> None:
    told = info(folder)
    assert told["complete"]
    assert told["counts"] == {"objects": 2, "pictures": 4, "picks": 8, "good": 4}
    assert verify(folder) == []
    assert PICK_FILES.plan_of(folder) == replace(PLAN, per_family=2)
    (folder / "picks.json").unlink()
    assert not info(folder)["complete"]
    with pytest.raises(ConfigError, match="spot-grasp dataset picks again"):
        verify(folder)
    with pytest.raises(ConfigError, match="views"):
        make_picks(replace(PLAN, per_family=2, views=2), FILE, FILE, folder, InlineMapper())


def test_faults_of_picks_are_named(folder: Path) -> None:
    one, two = sorted((folder / "picks").glob("*.npz"))
    one.write_bytes(one.read_bytes()[:-1])
    two.unlink()
    faults = verify(folder)
    assert [one.name in faults[0], two.name in faults[1]] == [True, True]


class HoldsTheMiddle:
    """A bench where what closes about the object's middle holds."""

    def __init__(self, item: GraspObject, count: int) -> None:
        self.parts = [item.vertices]

    def __enter__(self) -> HoldsTheMiddle:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settle(self, poses: list[Pose]) -> list[Pose | None]:
        return list(poses)

    def run(self, hands: list[Pose], rests: list[Pose], opened: np.ndarray, torque_nm: float) -> Outcomes:
        middle = np.array([hand.inverse().transform([0.0, 0.0, 0.03]) for hand in hands])
        held = np.abs(middle[:, 1]) < 0.015
        return Outcomes(held, held)


def test_what_meets_the_floor_or_the_object_is_bad_whatever_physics_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picks, "_networks", lambda *_: Everywhere())
    monkeypatch.setattr(picks, "RestingBench", HoldsTheMiddle)
    plan = replace(PLAN, scenes=2)
    job = PickJob(plan, *plan.objects[0], FILE, FILE)
    ((_, free),) = pick_job(job)
    monkeypatch.setattr(picks, "MOST_INSIDE_M", -1.0)
    ((_, met),) = pick_job(job)
    arrays = [np.load(io.BytesIO(content)) for content in (free, met)]
    assert 0 < arrays[0]["good"].sum() < len(arrays[0]["good"])
    assert not arrays[1]["good"].any(), "nothing is so far from the object"
    assert (arrays[0]["inputs"] == arrays[1]["inputs"]).all()
    assert arrays[0]["picture"].max() == 1


@pytest.mark.simulation
def test_the_picks_of_an_object_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulation.genesis.physics import init_genesis

    init_genesis()
    monkeypatch.setattr(picks, "_networks", lambda *_: Everywhere())
    plan = replace(PLAN, views=3)
    summary = make_picks(plan, FILE, FILE, tmp_path, InlineMapper())
    counts = summary["counts"]
    assert 0 < counts["good"] < counts["picks"], "the proposals of bare geometry hold a tin mostly, not always"
    assert verify(tmp_path) == []
    (path,) = (tmp_path / "picks").glob("*.npz")
    content = path.read_bytes()
    path.unlink()
    assert make_picks(plan, FILE, FILE, tmp_path, InlineMapper()) == summary
    assert path.read_bytes() == content, "equal plans give equal bytes"
    assert summary["plan"] == {**asdict(plan), "families": ["tin"]}
