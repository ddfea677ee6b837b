"""The ray caster against geometry known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from perception.geometry import Pose
from training.detector.rendered.raycast import (
    CLEAR,
    METAL,
    TEXTURE_PX,
    Lighting,
    Material,
    Solid,
    View,
    render,
    segments,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("numba")]  # one process compiles

SIZE, FOCAL = (60, 80), 70.0
LOOK_ALONG_X = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.array([0.0, 0.0, 0.5]))
VIEW = View(SIZE, FOCAL, LOOK_ALONG_X)
WHITE = np.full((TEXTURE_PX, TEXTURE_PX, 3), 255, np.uint8)
SKY = np.full((8, 16, 3), 0.25)
NO_SUN = Lighting(1.0, np.zeros((0, 7)), SKY)


def sphere(radius: float, at: tuple[float, float, float], **more: object) -> Solid:
    turns = np.linspace(-np.pi / 2, np.pi / 2, 181)
    profile = np.stack([radius * np.cos(turns), radius * np.sin(turns)], axis=1)
    return Solid(Pose.from_rpy((0.3, 0.4, 0.5), at), WHITE, profile=profile, instance=3, **more)  # type: ignore[arg-type]


def box(half: tuple[float, float, float], at: tuple[float, float, float], yaw: float = 0.0) -> Solid:
    return Solid(Pose.from_rpy((0, 0, yaw), at), WHITE, half_m=half, instance=2)


def rays() -> np.ndarray:
    v, u = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    d = np.stack([np.full(SIZE, FOCAL), SIZE[1] / 2 - u, SIZE[0] / 2 - v], axis=-1)
    return d / np.linalg.norm(d, axis=-1, keepdims=True)


def test_a_turned_sphere_is_a_sphere() -> None:
    _, instances, depth = render([sphere(0.2, (1.0, 0.0, 0.5))], NO_SUN, VIEW, 0)
    along = rays()[..., 0]
    under = along**2 - (1 - 0.2**2)
    hit = under > 0
    assert np.array_equal(np.isfinite(depth), instances == 3)
    assert (np.isfinite(depth) != hit).mean() < 0.01  # 180 strips are no perfect sphere
    both = np.isfinite(depth) & hit & (under > 0.001)
    assert depth[both] == pytest.approx((along - np.sqrt(np.maximum(under, 0)))[both], abs=1e-3)


def test_a_box_is_hit_on_its_front_face() -> None:
    _, instances, depth = render([box((0.1, 0.3, 0.2), (1.0, 0.0, 0.5))], NO_SUN, VIEW, 0)
    at_face = rays() * (0.9 / rays()[..., :1])
    inside = (np.abs(at_face[..., 1]) < 0.3) & (np.abs(at_face[..., 2]) < 0.2)
    assert np.array_equal(instances == 2, inside)
    assert (depth * rays()[..., 0])[inside] == pytest.approx(0.9, abs=1e-5)


def test_the_nearer_solid_hides_the_farther_one_in_either_order() -> None:
    near, far = sphere(0.1, (0.7, 0.0, 0.5)), box((0.1, 0.3, 0.3), (1.5, 0.0, 0.5))
    first, second = (render(solids, NO_SUN, VIEW, 0)[1] for solids in ([near, far], [far, near]))
    assert np.array_equal(first, second)
    assert first[30, 40] == 3
    assert first[30, 25] == 2


def test_nothing_is_sky() -> None:
    rgb, instances, depth = render([box((0.1, 0.1, 0.1), (-5.0, 0.0, 0.5))], NO_SUN, VIEW, 0)
    assert not instances.any()
    assert np.isinf(depth).all()
    assert rgb == pytest.approx(0.25)


def test_a_sun_is_shadowed_by_what_stands_in_its_way() -> None:
    sun = Lighting(0.0, np.array([[-1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]]), SKY)
    wall = box((0.1, 2.0, 2.0), (2.0, 0.0, 0.5))
    lit = render([wall], sun, VIEW, 0)[0]
    assert lit[30, 40] == pytest.approx(1.0, abs=1e-6)
    behind_us = box((0.1, 2.0, 2.0), (-1.0, 0.0, 0.5))
    assert render([wall, behind_us], sun, VIEW, 0)[0][30, 40] == pytest.approx(0.0, abs=1e-6)


def test_metal_mirrors_and_glass_shows_what_is_behind() -> None:
    red = np.zeros_like(WHITE)
    red[..., 0] = 255
    wall = Solid(Pose.from_rpy((0, 0, 0), (-2.0, 0.0, 0.5)), red, half_m=(0.1, 9.0, 9.0))
    polished = Material(METAL, 0.0)
    mirror = Solid(Pose.from_rpy((0, 0, 0), (1.0, 0, 0.5)), WHITE, half_m=(0.1, 0.3, 0.3), material=polished)
    seen = render([wall, mirror], NO_SUN, VIEW, 0)[0][30, 40]
    assert seen == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)
    glass = sphere(0.1, (1.0, 0.0, 0.5), material=Material(CLEAR, 0.0))
    behind = Solid(Pose.from_rpy((0, 0, 0), (2.0, 0.0, 0.5)), red, half_m=(0.1, 9.0, 9.0))
    seen = render([glass, behind], NO_SUN, VIEW, 0)[0][30, 40]
    assert seen[0] > 0.7
    assert seen[1] < 0.3


def test_texture_goes_up_with_v_and_round_with_u() -> None:
    halves = WHITE.copy()
    halves[TEXTURE_PX // 2 :] = 0  # the lower half of the picture
    rod = np.array([(0, 0), (0.2, 0), (0.2, 0.4), (0, 0.4)], np.float64)
    standing = Solid(Pose.from_rpy((0, 0, 0), (1.0, 0.0, 0.3)), halves, profile=rod)
    rgb = render([standing], NO_SUN, VIEW, 0)[0]
    assert rgb[22, 40].mean() > 0.5
    assert rgb[38, 40].mean() < 0.05


def test_same_seed_same_picture() -> None:
    sun = Lighting(0.3, np.array([[-0.6, 0.0, 0.8, 1.0, 1.0, 1.0, 0.2]]), SKY)
    solids = [sphere(0.2, (1.0, 0.0, 0.5)), box((1.0, 1.0, 0.1), (1.0, 0.0, 0.1), 0.3)]
    first, again, other = (render(solids, sun, VIEW, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_smooth_strips_share_a_normal_and_creases_do_not() -> None:
    strips = segments(np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.9, 2.0)]))
    assert strips[0, 6:] == pytest.approx([0, -1])  # the foot looks down to its edge
    assert strips[1, 4:6] == pytest.approx([1, 0])
    assert strips[1, 6:] == pytest.approx(strips[2, 4:6])
    assert np.linalg.norm(strips[:, 4:6], axis=1) == pytest.approx(1.0)
