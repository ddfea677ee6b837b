"""Hills of a seed or of a picture: how high they are, where they are level, what stands on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from simulation.scene.build import load_scene, sample_scene
from simulation.scene.ground.land import lay
from simulation.scene.ground.relief import HALF_M, LEVEL_M, PITCH_M, hills, pictured
from simulation.scene.spec import ClutterSpec, GroundSpec, SupportSpec

START_M = (1.0, -2.0)
seeds = st.integers(0, 10_000)
few = settings(deadline=None, max_examples=15)


def picture(folder: Path, grey: np.ndarray) -> Path:
    file = folder / "ground.png"
    cv2.imwrite(str(file), grey)
    return file


@given(seed=seeds, high=st.floats(0.01, 0.3))
@few
def test_hills_are_level_at_the_start_and_at_the_border_and_as_high_as_was_asked(seed: int, high: float) -> None:
    relief = hills(high, START_M, np.random.default_rng(seed))
    heights = relief.heights_m
    assert heights.min() >= 0.0
    assert 0.5 * high < heights.max() <= high + 1e-9
    assert np.abs(np.diff(heights, axis=0)).max() < 0.5 * high, "smooth"
    turn = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    assert relief.height_m(np.array(START_M) + 0.9 * LEVEL_M[0] * ring).max() < 0.2 * high
    assert relief.height_m(START_M) == 0.0
    assert relief.height_m(np.array([HALF_M, 0.3]) + START_M) == 0.0
    assert relief.height_m(np.array([0.0, HALF_M + 5.0]) + START_M) == 0.0


@given(seed=seeds, i=st.integers(0, 79), j=st.integers(0, 79), u=st.floats(0, 1), v=st.floats(0, 1))
@few
def test_between_four_heights_it_is_between_them(seed: int, i: int, j: int, u: float, v: float) -> None:
    relief = hills(0.2, START_M, np.random.default_rng(seed))
    corner = relief.places_m()[i, j]
    four = relief.heights_m[i : i + 2, j : j + 2]
    height = float(relief.height_m(corner + PITCH_M * np.array([u, v])))
    assert four.min() - 1e-9 <= height <= four.max() + 1e-9
    assert relief.height_m(corner) == pytest.approx(four[0, 0], abs=1e-9)


@pytest.mark.parametrize("white", [255, 65535])
def test_a_picture_is_seen_from_above_with_x_upwards(white: int, tmp_path: Path) -> None:
    grey = np.zeros((160, 160), np.uint8 if white == 255 else np.uint16)
    grey[:60, 100:] = white  # far ahead and to the right
    relief = pictured(picture(tmp_path, grey), 0.2, (0.0, 0.0))
    assert relief.height_m((2.5, -2.5)) == pytest.approx(0.2)
    assert [float(relief.height_m(place)) for place in ((2.5, 2.5), (-2.5, -2.5), (-2.5, 2.5))] == [0.0] * 3


def test_a_table_and_an_object_on_the_floor_are_as_high_as_the_hill_there() -> None:
    ground, alone = GroundSpec(hills_m=(0.2, 0.2)), ClutterSpec((0, 0))
    for height, least in ((0.5, 0.5), (0.0, 0.0)):
        support = SupportSpec(height_m=(height, height))
        sample = sample_scene(replace(load_scene("bottle"), ground=ground, support=support, clutter=alone), 3)
        assert sample.land.uneven == "hills_m"
        assert sample.target is not None
        foot = sample.target.world_from_object.transform(sample.target.object.vertices)[:, 2].min()
        at = sample.target.world_from_object.position_m[:2]
        assert foot - sample.land.height_m(at) == pytest.approx(least, abs=0.2 if height else 0.05)
        assert foot > sample.land.height_m(at)
        for box in sample.supports:
            assert box.center_m[2] - box.half_m[2] <= 0.0, "it reaches the plane under the hills"


def test_hills_of_a_seed_do_not_change_the_rest_of_the_scene() -> None:
    spec = load_scene("bottle")
    flat, hilly = (
        sample_scene(replace(spec, ground=ground), 4) for ground in (GroundSpec(), GroundSpec(hills_m=(0.1, 0.1)))
    )
    assert [box.center_m[:2] for box in flat.supports] == [box.center_m[:2] for box in hilly.supports]
    assert flat.robot_xy_yaw == hilly.robot_xy_yaw
    assert flat.lights == hilly.lights


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("steps = 2", r"mine\.toml: \[ground\] steps does not go with hills_m; leave one of them out"),
        ("slippery = [0, 1]", r"mine\.toml: \[ground\] slippery does not go with hills_m"),
        ('picture = "hill.png"', r"mine\.toml: \[ground\] hills_m does not go with picture"),
    ],
)
def test_what_does_not_go_with_hills_is_refused(more: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"[ground]\nhills_m = 0.1\n{more}\n")
    with pytest.raises(ConfigError, match=words):
        load_scene(str(file))


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name, content in (("none.png", None), ("bad.png", b"no picture")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=name):
            lay(GroundSpec(picture=name), START_M, 0.0, 0, tmp_path)
