"""Labels of the grasps that perception computes: which pixels, which labels, broken off, refused; physics left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import perception.view
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.grasping.grasp import compute_grasp, grasps_at, inner_pixels
from perception.types import Grasp, Heatmap, Rejection
from simulation.trials.grasp_trials import TrialResults
from tests.support.engine_jobs import InlineMapper
from tests.support.synthetic import Cylinder, View, camera_at, render
from training.dataset import array_folder
from training.evaluation import rehearse
from training.evaluation.methods.interface import Truth
from training.evaluation.rehearse import APART_PX, Rehearsal, draw_pixels
from training.evaluation.scenes import Case
from training.heatmap.samples import Samples

pytestmark = pytest.mark.slow

PLAN = Rehearsal(per_family=4, pictures=2, pixels=8, families=("can", "mug"))
STANDING = Pose(np.eye(3), np.array([0.0, 0.0, 0.5]))


class Upper:
    """A heatmap that likes the upper half."""

    def predict(self, view: Any) -> Heatmap:
        rows = np.flatnonzero(view.detection.mask.any(axis=1))
        quality = np.full(view.frame.depth.shape, 0.1, np.float32)
        quality[: int(np.median(rows))] = 0.9
        return Heatmap(quality)


@pytest.fixture(scope="module")
def view() -> View:
    return render(Cylinder(), camera_at((-0.5, 0.05, 0.68), (0.0, 0.0, 0.6)))


def case_of(view: View) -> Case:
    truth = Truth((), np.zeros((0, 3)), np.zeros((0, 3)), STANDING, view.depth)
    return Case(view.frame(), view.detection(), view.mask, truth)


@given(count=st.integers(1, 60), seed=st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_pixels_lie_where_a_grasp_may_and_apart(count: int, seed: int) -> None:
    case = case_of(render(Cylinder(), camera_at((-0.5, 0.05, 0.68), (0.0, 0.0, 0.6))))
    pixels = draw_pixels(case, Upper(), count, np.random.default_rng(seed))
    allowed = inner_pixels(np.asarray(case.detection.mask))
    assert all(allowed[v, u] for u, v in pixels)
    assert 0 < len(pixels) <= count
    places = np.array(pixels, float)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    assert gaps.min() >= APART_PX
    assert pixels == draw_pixels(case, Upper(), count, np.random.default_rng(seed))


def test_every_second_pixel_lies_where_the_network_promises_most(view: View) -> None:
    case = case_of(view)
    pixels = draw_pixels(case, Upper(), 20, np.random.default_rng(1))
    middle = np.median(np.flatnonzero(view.mask.any(axis=1)))
    assert all(v < middle for _, v in pixels[1::2])
    assert any(v > middle for _, v in pixels[::2])


def test_a_pixel_s_grasp_is_the_one_that_is_computed_when_it_is_chosen(view: View) -> None:
    for u, v in draw_pixels(case_of(view), Upper(), 12, np.random.default_rng(2)):
        wish = np.zeros(view.mask.shape, np.float32)
        wish[v - 1 : v + 2, u - 1 : u + 2] = 1.0
        chosen = compute_grasp(view.seen(), Heatmap(wish), gripper=SPOT.gripper, reach=None)
        (found,) = grasps_at(view.seen(), [(u, v)], gripper=SPOT.gripper)
        assert type(found) is type(chosen)
        if isinstance(found, Grasp) and isinstance(chosen, Grasp):
            assert found.world_from_hand.distance_m(chosen.world_from_hand) < 0.004
        else:
            assert isinstance(found, Rejection)


def test_an_empty_mask_has_no_grasps(view: View) -> None:
    nothing = replace(view.detection(), mask=np.zeros_like(view.mask))
    found = grasps_at(perception.view.View(view.frame(), nothing), [(320, 240), (0, 0)], gripper=SPOT.gripper)
    assert [type(one) for one in found] == [Rejection, Rejection]
    assert not inner_pixels(np.zeros_like(view.mask)).any()


@pytest.fixture
def analytic(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a cylinder, and a physics in which what grips above 0.1 m holds."""
    import simulation.trials.grasp_trials

    def tried(thing: Any, poses: list[Pose]) -> TrialResults:
        high = np.array([pose.position_m[2] > 0.1 for pose in poses])
        return TrialResults(high, high, high, ~high, np.zeros(len(poses)))

    monkeypatch.setattr(simulation.trials.grasp_trials, "run_trials", tried)
    monkeypatch.setattr(rehearse, "cases", lambda entry, count, seed, labels: [case_of(view)] * count)
    monkeypatch.setattr(rehearse, "shipped_or", lambda path: Upper())


@pytest.mark.usefixtures("analytic")
def test_labels_are_the_outcomes_where_they_were_tried(tmp_path: Path, view: View) -> None:
    manifest = rehearse.rehearse(PLAN, tmp_path, InlineMapper())
    inputs, labels, _ = array_folder.load(tmp_path)
    assert manifest["count"] == len(inputs) == 2 * 4 * 2
    assert len(Samples.open(tmp_path).validation) == 2 * 2
    for row in range(0, len(labels), 7):
        rows, _ = np.nonzero(labels[row] == 1)
        below, _ = np.nonzero(labels[row] == 0)
        assert rows.size
        assert below.size
        assert rows.max() < below.min() + 12  # what is gripped higher holds; a spot is some pixels wide
        assert ((labels[row] >= 0).sum()) < 0.2 * labels[row].size
        assert not ((labels[row] != -1) & (inputs[row, 7] <= 0)).sum() > 40  # the labels lie on the object


@pytest.mark.usefixtures("analytic")
def test_a_run_that_was_broken_off_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    rehearse.rehearse(PLAN, tmp_path / "whole", InlineMapper())
    with pytest.raises(KeyboardInterrupt):
        rehearse.rehearse(PLAN, tmp_path / "broken", InlineMapper(stop_after=5))
    assert not (tmp_path / "broken" / "samples.json").exists()
    again = InlineMapper()
    rehearse.rehearse(PLAN, tmp_path / "broken", again)
    assert again.done == len(PLAN.entries) - 5
    for name in ("inputs.npy", "labels.npy", "samples.json"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.usefixtures("analytic")
def test_another_plan_and_damaged_parts_are_refused(tmp_path: Path) -> None:
    rehearse.rehearse(PLAN, tmp_path, InlineMapper())
    with pytest.raises(ConfigError, match=r"pixels 8 \(now 9\)"):
        rehearse.rehearse(replace(PLAN, pixels=9), tmp_path, InlineMapper())
    (tmp_path / "rehearsed" / "can-1000001.npz").write_bytes(b"junk")
    with pytest.raises(ConfigError, match=r"can-1000001.npz: not a readable npz file"):
        rehearse.rehearse(PLAN, tmp_path, InlineMapper())
    assert not (tmp_path / "samples.json").exists()


@pytest.mark.usefixtures("analytic")
def test_folders_are_joined_to_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, both = tmp_path / "one", tmp_path / "two", tmp_path / "both"
    rehearse.rehearse(Rehearsal(per_family=1, pictures=1, pixels=2), one, InlineMapper())
    rehearse.rehearse(Rehearsal(per_family=4, pictures=2, pixels=3, families=("can",)), two, InlineMapper())
    assert main(["dataset", "join", str(one), str(two), "--out", str(both)], Interrupts()) == 0
    assert "10 objects, 15 samples" in capsys.readouterr().out
    arrays = [array_folder.load(folder) for folder in (one, two, both)]
    for part in (0, 1):
        assert np.array_equal(np.concatenate([arrays[0][part], arrays[1][part]]), arrays[2][part])
    assert arrays[2][2]["joined"] == [manifest["sha256_inputs"] for _, _, manifest in arrays[:2]]
    assert main(["dataset", "join", str(one), str(two), "--out", str(one)], Interrupts()) == 2
    assert "is one of the folders to join" in capsys.readouterr().err
    assert main(["dataset", "join", str(tmp_path / "none"), "--out", str(both)], Interrupts()) == 2


def test_no_test_object_is_rehearsed_on() -> None:
    assert {entry.split for entry in Rehearsal().entries} == {"train", "val"}
    assert {entry.family for entry in Rehearsal(families=("mug", "jar")).entries} == {"mug", "jar"}
    with pytest.raises(ConfigError, match="unknown family 'spoon'; choose from: bottle"):
        Rehearsal(families=("spoon",))
    for values in ({"per_family": 0}, {"pictures": 0}, {"pixels": 0}, {"seed": -1}):
        with pytest.raises(ConfigError, match="at least"):
            Rehearsal(**values)


@pytest.mark.usefixtures("analytic")
def test_the_command_makes_arrays_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.common import mapping

    monkeypatch.setattr(mapping, "LocalMapper", lambda workers: InlineMapper())
    command = ["dataset", "rehearse", "--out", str(tmp_path / "out"), "--objects", "1", "--pictures", "1"]
    assert main([*command, "--json"], Interrupts()) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["objects"], facts["count"]) == (7, 7)
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--pixels", "0"], Interrupts())
    assert "'0' is not a whole number from 1 to 100000" in capsys.readouterr().err
