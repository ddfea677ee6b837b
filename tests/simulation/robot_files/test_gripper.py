"""The gripper's shape: convex, symmetric, and as far open at an opening as the real one."""

from itertools import pairwise

import numpy as np
import pytest

from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, PIECES

trimesh = pytest.importorskip("trimesh")

GAPS_MM = {0.19: 28, 0.38: 62, 0.57: 95, 0.76: 125, 1.0: 157}
"""Facts of the real gripper, themselves known to about 3 mm."""


def surface(names: tuple[str, ...]) -> np.ndarray:
    """Points all over the pieces, in the frame of their link."""
    clouds = []
    for piece in PIECES:
        if piece.name in names:
            mesh = piece.mesh()
            clouds += [mesh.vertices, trimesh.sample.sample_surface(mesh, 1500, seed=0)[0]]
    return np.concatenate(clouds)


def tip_gap_m(opening: float) -> float:
    """Between the front of the moving jaw and the tip of the fixed jaw, seen from the side."""
    moving = surface(("left_finger", "left_tooth", "right_finger", "right_tooth"))
    moving = moving[moving[:, 0] > 0.09]
    fixed = surface(("jaw_front", "jaw_tooth"))
    fixed = fixed[fixed[:, 0] > 0.23]
    angle = -opening * np.pi / 2
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([c * moving[:, 0] + s * moving[:, 2], -s * moving[:, 0] + c * moving[:, 2]], axis=1)
    turned += [HINGE_IN_WRIST_M[0], HINGE_IN_WRIST_M[2]]
    return float(np.linalg.norm(turned[:, None] - fixed[None, :, [0, 2]], axis=2).min())


@pytest.mark.parametrize(("opening", "gap_mm"), GAPS_MM.items())
def test_the_tips_are_as_far_apart_as_the_real_ones(opening: float, gap_mm: float) -> None:
    assert tip_gap_m(opening) * 1000 == pytest.approx(gap_mm, abs=3.0)


def test_the_gap_grows_with_the_opening() -> None:
    gaps = [tip_gap_m(opening) for opening in np.linspace(0.1, 1.0, 8)]
    assert all(b > a for a, b in pairwise(gaps))


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_pieces_are_closed_convex_bodies(piece) -> None:
    mesh = piece.mesh()
    assert mesh.is_watertight
    assert mesh.is_convex
    assert 1e-7 < mesh.volume < 1e-3
    assert piece.link in ("wr1", "fngr")


@pytest.mark.parametrize("name", ["cheek", "finger", "tooth"])
def test_the_moving_jaw_is_symmetric(name: str) -> None:
    left, right = ({p.name: p.vertices_m() for p in PIECES}[f"{side}_{name}"] for side in ("left", "right"))
    assert np.allclose(right, left * [1, -1, 1])


def test_names_are_unique_because_they_are_file_names() -> None:
    assert len({piece.name for piece in PIECES}) == len(PIECES) == 10
