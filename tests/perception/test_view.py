"""A view works out each thing once, when it is asked for, and the run's leaves use the one that was handed on."""

from __future__ import annotations

from collections import Counter
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

import perception.view
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.robots.spot.model import SPOT
from behaviours.run_loop import run_tree
from behaviours.services import Services
from behaviours.worker import Worker
from perception.pipeline import perceive
from perception.surface.locate import ObjectLocation
from perception.surface.settings import OutlineSettings, SurfaceSettings
from perception.types import Grasp, Rejection
from tests.support.synthetic import Cylinder, camera_at, render

VIEW = render(Cylinder(), camera_at((-0.5, 0.0, 0.72), (0.0, 0.0, 0.61)))
STEPS = ("object_depth", "silhouette", "locate_object", "plane_fit_normals", "find_box")


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each step was worked out."""
    counts: Counter[str] = Counter()

    def counted(name: str) -> Any:
        step = getattr(perception.view, name)

        def call(*given: Any, **named: Any) -> Any:
            counts[name] += 1
            return step(*given, **named)

        return call

    for name in STEPS:
        monkeypatch.setattr(perception.view, name, counted(name))
    return counts


def test_nothing_is_worked_out_before_it_is_asked_for_and_nothing_twice(counts: Counter[str]) -> None:
    view = VIEW.seen()
    assert not counts
    assert view.repaired.near.any()
    assert counts == {"object_depth": 1}
    for _ in range(2):
        assert isinstance(view.location, ObjectLocation)
        assert view.normals.any()
        assert view.box is None
        assert view.near_depth[view.repaired.near].all()
    assert counts == dict.fromkeys(STEPS, 1)


def test_a_view_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        VIEW.seen().frame = VIEW.frame()  # type: ignore[misc]


def test_normals_are_those_of_the_object_and_nothing_else() -> None:
    normals = VIEW.seen().normals
    assert normals.shape == (*VIEW.mask.shape, 3)
    inside = VIEW.mask & normals.any(axis=-1)
    assert inside.sum() > 0.9 * VIEW.mask.sum()
    assert np.median((normals * VIEW.normals).sum(axis=-1)[inside]) > np.cos(np.radians(5.0))
    rows, columns = np.nonzero(VIEW.mask)
    assert not normals[: rows.min()].any()
    assert not normals[:, columns.max() + 1 :].any()


def test_what_cannot_be_placed_has_a_reason_and_no_normals() -> None:
    dark = perception.view.View(VIEW.frame(np.zeros_like(VIEW.depth)), VIEW.detection())
    assert isinstance(dark.location, Rejection)
    assert not dark.normals.any()
    nothing = perception.view.View(VIEW.frame(), replace(VIEW.detection(), mask=np.zeros_like(VIEW.mask)))
    assert isinstance(nothing.location, Rejection)
    assert not nothing.normals.any()


def test_its_settings_are_used() -> None:
    strict = SurfaceSettings(outline=OutlineSettings(least_px=int(VIEW.mask.sum()) + 1))
    location = perception.view.View(VIEW.frame(), VIEW.detection(), strict).location
    assert isinstance(location, Rejection)
    assert "too small" in location.reason


def test_perceive_takes_the_steps_of_a_run_once_each(counts: Counter[str]) -> None:
    class Known:
        labels = ("bottle",)

        def detect(self, *_: Any, **__: Any) -> Any:
            return [VIEW.detection()]

    result = perceive(VIEW.frame(), Known(), FakeHeatmap(), labels=("bottle",), gripper=SPOT.gripper)
    assert isinstance(result.grasp, Grasp)
    assert tuple(result.seconds) == ("detector", "location", "heatmap", "pose")
    assert counts == dict.fromkeys(STEPS, 1)


def test_the_leaves_of_a_run_work_out_each_step_once_for_each_picture(counts: Counter[str]) -> None:
    import trees
    from behaviours.registry import LEAVES

    document = trees.load(trees.find_tree("grasp_bottle"), LEAVES)
    with FakeRobot() as robot, Worker() as worker:
        tree = trees.build(document, Services(robot, FakeDetector(), FakeHeatmap(), worker), robot.now)
        assert run_tree(tree, robot, worker, period_s=0.05).success
    pictures = counts["locate_object"]
    assert pictures == 2, "one from afar, one from near"
    assert counts["object_depth"] == counts["silhouette"] == pictures
    assert counts["plane_fit_normals"] == counts["find_box"] == 1, "only the grasp needs them"
