"""Scenes on the fake robot: objects and tables where the scene has them, and trees that can be rehearsed there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import trees
from app.base.interrupts import Interrupts
from app.cases.file import case_of
from app.cases.play import play
from app.commands.dispatch import main
from behaviours.registry import LEAVES
from behaviours.robots.fake.script import FakeScript
from simulation.scene.build import sample_scene
from simulation.scene.rehearsal import PULL_AFTER_S, fake_scene
from simulation.scene.spec import load_scene


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_objects_and_tables_are_where_the_scene_has_them_seen_from_the_start(seed: int) -> None:
    sample = sample_scene(load_scene("table"), seed)
    world, _ = fake_scene("table", seed)
    x, y, yaw = sample.robot_xy_yaw
    assert sample.target is not None
    away = sample.target.world_from_object.position_m[:2] - (x, y)
    c, s = np.cos(yaw), np.sin(yaw)
    assert world.bottle_m[:2] == pytest.approx([c * away[0] + s * away[1], c * away[1] - s * away[0]], abs=0.01)
    assert len(world.feet()) == 1 + len(sample.clutter)
    assert all(world.support_z_m(foot) == pytest.approx(foot[2], abs=0.002) for foot in world.feet())
    assert world.other_tables[-1] == pytest.approx((0.2, 1.8, 0.52, 0.4))


def test_a_shelf_is_its_lower_board() -> None:
    world, _ = fake_scene("shelf", 0)
    (foot,) = world.feet()
    assert world.support_z_m(foot) == pytest.approx(foot[2], abs=0.002)
    assert all(top[2] < 0.8 for top in world.other_tables)


def test_what_lies_in_a_scene_lies_on_the_fake_robots_floor() -> None:
    shape = fake_scene("floor", 0)[0].shape(0)
    assert shape.lying_rad is not None
    assert shape.height_m > 4 * shape.radius_m


def test_an_empty_scene_is_empty_and_a_person_pulls_unless_the_script_says_when() -> None:
    assert all(foot[2] < -10 for foot in fake_scene("empty", 0)[0].feet())
    assert fake_scene("person", 0)[1].pull_after_s == PULL_AFTER_S
    assert fake_scene("person", 0, FakeScript(pull_after_s=1.0))[1].pull_after_s == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tree", "scene"), [("search", "behind"), ("hand_over", "person"), ("pick_from_floor", "floor")]
)
def test_a_task_is_rehearsed_in_its_scene(tree: str, scene: str) -> None:
    played = play(case_of("one", {"scene": scene, "seed": 1}), trees.load(trees.find_tree(tree), LEAVES))
    assert (played.status, played.reason) == ("success", "")


@pytest.mark.slow
def test_a_run_on_the_fake_robot_takes_a_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "search", "--robot", "fake", "--scene", "behind", "--seed", "1", "--view", "plain", "--json"]
    assert main([*words, "--record", str(tmp_path / "run")], Interrupts()) == 0
    (said,) = json.loads(capsys.readouterr().out.splitlines()[-1])["reports"]
    assert said == "found: bottle at (-1.60, 1.08, 0.64) m"
