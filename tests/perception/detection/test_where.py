"""Which of several detections is meant."""

from __future__ import annotations

import numpy as np
import pytest

from perception.detection.where import COLOURS, Where, choose
from perception.geometry import Pose
from perception.types import Detection, Intrinsics, RgbdFrame

CAMERA = Intrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)
AHEAD = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))
RGB = {
    "red": (200, 20, 30),
    "orange": (240, 140, 20),
    "yellow": (230, 220, 30),
    "green": (30, 160, 50),
    "blue": (30, 60, 200),
    "purple": (150, 40, 190),
    "white": (235, 235, 230),
    "grey": (120, 122, 120),
    "black": (20, 22, 20),
}
PARTS = {
    "wide": (slice(20, 30), slice(2, 22), 0.5),
    "high": (slice(5, 45), slice(30, 34), 0.6),
    "far": (slice(20, 34), slice(50, 60), 1.0),
}


def scene(colours: tuple[str, str, str] = ("red", "blue", "green")) -> tuple[RgbdFrame, list[Detection]]:
    rgb, depth = np.zeros((48, 64, 3), np.uint8), np.full((48, 64), 3.0, np.float32)
    found = []
    for (name, (rows, columns, away_m)), colour in zip(PARTS.items(), colours, strict=True):
        mask = np.zeros((48, 64), bool)
        mask[rows, columns] = True
        rgb[mask], depth[mask] = RGB[colour], away_m
        found.append(Detection(name, 0.5, mask, (0.0, 0.0, 1.0, 1.0)))
    return RgbdFrame(rgb, depth, CAMERA, AHEAD, 0.0), found


@pytest.mark.parametrize(
    ("where", "first"),
    [
        ("best", "wide"),
        ("largest", "far"),
        ("nearest", "wide"),
        ("left", "wide"),
        ("right", "far"),
        ("tallest", "high"),
    ],
)
def test_place_and_size(where: str, first: str) -> None:
    frame, found = scene()
    chosen = choose(found, frame, Where(where))
    assert chosen[0].label == first
    assert len(chosen) == 3


@pytest.mark.parametrize("colour", COLOURS)
def test_colour(colour: str) -> None:
    other = "green" if colour in ("red", "purple", "orange") else "red"
    frame, found = scene((other, colour, other))
    assert [one.label for one in choose(found, frame, Where(colour))] == ["high"]


def test_what_has_no_depth_comes_last() -> None:
    frame, found = scene()
    blind = RgbdFrame(frame.rgb, np.where(found[0].mask, np.float32(0.0), frame.depth), CAMERA, AHEAD, 0.0)
    assert choose(found, blind, Where.nearest)[-1].label == "wide"
