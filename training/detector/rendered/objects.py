"""Bottles, thermos flasks, cans and mugs for training pictures, more varied in shape and material than those of the
simulation: of steel, glass and plastic, painted, with caps, ribs and waists.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from perception.geometry import Pose
from simulation.scene.objects import SEGMENTS, Family, make_object
from simulation.scene.textures import Image, random_color, smooth_noise, to_image, wrapper_texture
from training.detector.rendered.raycast import CLEAR, DIFFUSE, GLOSSY, METAL, TEXTURE_PX, Array, Material, Solid

Rng = np.random.Generator
SIMULATED = 0.45
"""Share of objects with the shapes and textures of simulation.scene.objects."""
STEEL = {"thermos": 0.6, "can": 0.12, "bottle": 0.12}
"""Share of the other objects with a body of bare metal, by family."""
EASE_STEPS = 8
HANDLE_PARTS = 9


def fit(texture: Image) -> Image:
    """The texture at the ray caster's size."""
    return np.asarray(cv2.resize(texture, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def plain(color: Array) -> Image:
    return np.tile(to_image(np.asarray(color, np.float64)[None, None]), (TEXTURE_PX, TEXTURE_PX, 1))


def eased(points: list[tuple[float, float]]) -> Array:
    """(K, 2) of (radius, z) through the points: S-curves where both change, straight lines elsewhere."""
    rows = [points[0]]
    for (r0, z0), (r1, z1) in pairwise(points):
        if abs(r1 - r0) > 1e-4 and abs(z1 - z0) > 0.012:
            for t in np.linspace(0, 1, EASE_STEPS + 1)[1:]:
                blend = 0.5 - 0.5 * np.cos(np.pi * t)
                rows.append((r0 + (r1 - r0) * blend, z0 + (z1 - z0) * t))
        else:
            rows.append((r1, z1))
    return np.array(rows, np.float64)


def _steel(rng: Rng) -> Image:
    """Brushed or polished metal: a tint, streaks around it, some stains."""
    tint = rng.uniform(0.7, 0.97) * (1 + rng.normal(0, 0.02, 3))
    if rng.random() < 0.15:
        tint = np.array([0.9, 0.65, 0.45]) * rng.uniform(0.8, 1.05)  # copper and rose gold
    streaks = smooth_noise(rng, TEXTURE_PX, 4, int(rng.integers(20, 120)))
    streaks = np.asarray(cv2.resize(streaks, (TEXTURE_PX, TEXTURE_PX)), np.float64)
    stains = smooth_noise(rng, TEXTURE_PX, TEXTURE_PX, int(rng.integers(3, 12)))
    shade = 1 - rng.uniform(0, 0.2) * streaks - rng.uniform(0, 0.12) * stains
    return to_image(np.clip(tint * shade[..., None], 0, 1))


def _skin(rng: Rng, family: str) -> tuple[Image, Material]:
    """Texture and material of a body."""
    kind = rng.random()
    if kind < STEEL.get(family, 0.0):
        label = (0.0, 0.0)
        texture = _steel(rng)
        if rng.random() < 0.25:  # a painted or printed band
            low = rng.uniform(0.15, 0.5)
            label = (low, low + rng.uniform(0.05, 0.35))
            rows = slice(int((1 - label[1]) * TEXTURE_PX), int((1 - label[0]) * TEXTURE_PX))
            texture[rows] = fit(wrapper_texture(rng, "mug"))[rows]
        return texture, Material(METAL, float(rng.uniform(0.02, 0.35)), label)
    if family == "bottle" and kind < 0.45:
        tint = np.clip(rng.uniform(0.75, 1.0) + rng.normal(0, 0.04, 3), 0, 1)
        if rng.random() < 0.5:
            tint = np.asarray(rng.choice(np.array([[0.35, 0.6, 0.3], [0.5, 0.28, 0.1], [0.55, 0.8, 0.95]])))
        texture, label = plain(tint * rng.uniform(0.8, 1.05)), (0.0, 0.0)
        if rng.random() < 0.75:
            low = rng.uniform(0.12, 0.4)
            label = (low, low + rng.uniform(0.15, 0.35))
            rows = slice(int((1 - label[1]) * TEXTURE_PX), int((1 - label[0]) * TEXTURE_PX))
            texture[rows] = fit(wrapper_texture(rng, "mug"))[rows]
        return texture, Material(CLEAR, float(rng.uniform(0.0, 0.1)), label)
    texture = fit(wrapper_texture(rng, "mug" if rng.random() < 0.5 else family))
    if rng.random() < 0.3:
        texture = plain(random_color(rng, low=0.02))
    return texture, Material(int(rng.choice([DIFFUSE, GLOSSY])), float(rng.uniform(0.02, 0.3)))


def _cap_skin(rng: Rng) -> tuple[Image, Material]:
    if rng.random() < 0.35:
        return _steel(rng), Material(METAL, float(rng.uniform(0.02, 0.3)))
    color = rng.uniform(0.02, 0.2) if rng.random() < 0.4 else random_color(rng)
    return plain(np.ones(3) * color), Material(int(rng.choice([DIFFUSE, GLOSSY])), float(rng.uniform(0.05, 0.3)))


def _closed(points: list[tuple[float, float]]) -> Array:
    """The eased outline, closed at both ends."""
    return eased([(0.0, points[0][1]), *points, (0.0, points[-1][1])])


def _cap(rng: Rng, radius: float, low: float, high: float) -> Array:
    round_off = min(rng.uniform(0.001, 0.012), 0.45 * (high - low), 0.5 * radius)
    return _closed([(radius, low), (radius, high - round_off), (radius - round_off, high)])


def _bottle(rng: Rng) -> list[tuple[Array, str]]:
    """Body and cap. The shoulder may begin low and taper long (flasks), or high and short (jars, wine)."""
    radius, height = rng.uniform(0.024, 0.048), rng.uniform(0.15, 0.33)
    shoulder, neck = sorted(rng.uniform([0.42, 0.72], [0.72, 0.88])) if rng.random() < 0.7 else (0.75, 0.84)
    neck_radius = max(0.009, rng.uniform(0.3, 0.65) * radius)
    cap_from = rng.uniform(max(neck + 0.01, 0.86), 0.95)
    foot = radius * rng.uniform(0.85, 1.0)
    body = [(foot, 0.0), (radius, rng.uniform(0.004, 0.02))]
    if rng.random() < 0.3:  # a waist to hold it by
        middle, waist = rng.uniform(0.3, 0.5) * shoulder, rng.uniform(0.82, 0.97)
        body += [(radius, (middle - 0.1) * height), (waist * radius, middle * height)]
    if rng.random() < 0.2:  # ribs
        for z in np.linspace(0.1, shoulder - 0.05, int(rng.integers(3, 9))) * height:
            body += [(radius, z), (radius * 0.96, z + 0.003), (radius, z + 0.006)]
    body = sorted(body, key=lambda point: point[1])
    body += [(radius, shoulder * height), (neck_radius, neck * height), (neck_radius, cap_from * height)]
    cap_radius = neck_radius * rng.uniform(0.95, 1.35)
    gap = rng.uniform(0, 0.004)
    return [
        (_closed(body), "body"),
        (_cap(rng, cap_radius, cap_from * height + gap, height), "cap"),
        (_closed([(neck_radius * 0.9, cap_from * height), (neck_radius * 0.9, cap_from * height + gap + 1e-4)]), "cap"),
    ]


def _thermos(rng: Rng) -> list[tuple[Array, str]]:
    """A wide straight or slightly conical body, a lid about as wide, sometimes a ring between or at the foot."""
    if rng.random() < 0.35:
        return _bottle(rng)
    radius, height = rng.uniform(0.029, 0.048), rng.uniform(0.17, 0.32)
    lid_from, top = rng.uniform(0.68, 0.9) * height, radius * rng.uniform(0.92, 1.15)
    lid = min(top, radius) * rng.uniform(0.65, 1.02)
    parts = [(_closed([(0.93 * radius, 0), (radius, 0.006), (top, lid_from - 0.012), (lid, lid_from)]), "body")]
    parts.append((_cap(rng, lid, lid_from, height), "cap"))
    if rng.random() < 0.4:
        z = lid_from - 0.016 if rng.random() < 0.5 else 0.004
        ring = max(radius, top) * 1.03
        parts.append((_closed([(ring, z), (ring, z + rng.uniform(0.004, 0.02))]), "cap"))
    return parts


def _can(rng: Rng) -> list[tuple[Array, str]]:
    """A drink can (necked at both ends) or a food tin (straight, ribbed), its ends bare metal."""
    if rng.random() < 0.65:
        radius, height = rng.uniform(0.026, 0.036), rng.uniform(0.085, 0.17)
        rim = 0.85 * radius
        body = [(rim, 0.0), (radius, 0.009), (radius, height - 0.014), (rim, height - 0.002), (rim, height)]
    else:
        radius, height = rng.uniform(0.03, 0.052), rng.uniform(0.04, 0.13)
        rim = radius * 1.01
        body = [(rim, 0.0), (rim, 0.002), (radius, 0.0025)]
        if rng.random() < 0.5:
            for z in np.linspace(0.2, 0.8, int(rng.integers(4, 9))) * height:
                body += [(radius, z), (0.975 * radius, z + 0.0015), (radius, z + 0.003)]
        body += [(radius, height - 0.0025), (rim, height - 0.002), (rim, height)]
    inside = [(0.94 * rim, height), (0.93 * rim, height - 0.003), (0.0, height - 0.003)]
    return [(np.vstack([[(0.0, 0.0)], body, inside]).astype(np.float64), "can")]


def _mug(rng: Rng) -> list[tuple[Array, str]]:
    radius, height = rng.uniform(0.033, 0.05), rng.uniform(0.07, 0.125)
    foot, belly = radius * rng.uniform(0.65, 1.0), radius * rng.uniform(0.95, 1.12)
    outside = eased([(foot, 0.0), (foot, 0.003), (belly, height * rng.uniform(0.3, 0.7)), (radius, height)])
    inside = [(max(r - 0.004, 0.008), z) for r, z in outside[::-1] if z > 0.012]
    fill = inside[-1][1] if rng.random() < 0.6 else rng.uniform(0.5, 0.9) * height  # a drink in it
    inside = [point for point in inside if point[1] > fill] or [(radius - 0.004, height - 0.001)]
    return [(np.vstack([[(0.0, 0.0)], outside, inside, [(0.0, inside[-1][1])]]).astype(np.float64), "body")]


_SHAPES: dict[str, Callable[[Rng], list[tuple[Array, str]]]] = {
    "bottle": _bottle, "thermos": _thermos, "can": _can, "mug": _mug,
}  # fmt: skip


def _handle(rng: Rng, radius: float, height: float) -> list[tuple[Pose, Array]]:
    """A handle at the mug's side, of short rods."""
    thick, out, reach = rng.uniform(0.004, 0.0075), rng.uniform(0.018, 0.034), rng.uniform(0.25, 0.38) * height
    bend, turns = rng.uniform(0.5, 1.0), np.linspace(-np.pi / 2, np.pi / 2, HANDLE_PARTS + 1)
    x = radius - 0.003 + out * np.abs(np.cos(turns)) ** bend
    z = rng.uniform(0.48, 0.55) * height + reach * np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** bend
    return [rod((x[i], 0.0, z[i]), (x[i + 1], 0.0, z[i + 1]), thick, thick) for i in range(HANDLE_PARTS)]


def rod(start: tuple[float, ...], end: tuple[float, ...], r0: float, r1: float) -> tuple[Pose, Array]:
    """(pose, profile) of a round rod between two points (3,), with its radii at both ends, metres."""
    along = np.subtract(end, start)
    length = float(np.linalg.norm(along))
    z = along / length
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    pose = Pose(np.stack([x, np.cross(z, x), z], axis=1), np.array(start))
    over = 0.3 * min(r0, r1)
    return pose, np.array([(0, -over), (r0, 0), (r1, length), (0, length + over)], np.float64)


def _simulated(rng: Rng, family: Family, seed: int) -> list[tuple[Pose, Array, Image, Material]]:
    item = make_object(family, seed)
    turned = len(item.vertices) - (117 if family == "mug" else 0)  # the handle's vertices come last
    profile = item.vertices[: turned : SEGMENTS + 1][:, [0, 2]]
    texture, material = fit(item.texture), Material(DIFFUSE if rng.random() < 0.8 else GLOSSY)
    parts = [(Pose.identity(), np.ascontiguousarray(profile), texture, material)]
    if family == "mug":
        color = plain(texture[TEXTURE_PX // 2, TEXTURE_PX // 2] / 255.0)
        parts += [(*part, color, material) for part in _handle(rng, float(profile[:, 0].max()), item.height_m)]
    return parts


def random_object(rng: Rng, family: Family, world_from_object: Pose, instance: int) -> tuple[list[Solid], float, float]:
    """(solids, radius, height) of one object standing at a pose, metres. instance: its number in the instances.

    ValueError for a family without a detector class.
    """
    if family not in _SHAPES:
        raise ValueError(f"no detector class for {family!r}; choose from: {', '.join(_SHAPES)}")
    if rng.random() < SIMULATED:
        parts = _simulated(rng, family, int(rng.integers(1 << 31)))
    else:
        body, cap = _skin(rng, family), _cap_skin(rng)
        parts = []
        for profile, what in _SHAPES[family](rng):
            texture, material = cap if what == "cap" else body
            if what == "can":
                texture = texture.copy()
                rim = int(TEXTURE_PX * rng.uniform(0.02, 0.06))
                texture[:rim] = texture[-rim:] = rng.uniform(130, 215)
            parts.append((Pose.identity(), profile, texture, material))
        if family == "mug":
            profile = parts[0][1]
            handle = _handle(rng, float(profile[:, 0].max()) * 0.97, float(profile[:, 1].max()))
            color = plain(
                body[0][TEXTURE_PX // 2, TEXTURE_PX // 2] / 255.0 if rng.random() < 0.8 else random_color(rng)
            )
            parts += [(*part, color, body[1]) for part in handle]
    solids = [
        Solid(world_from_object @ pose, texture, profile=profile, material=material, instance=instance)
        for pose, profile, texture, material in parts
    ]
    radius = max(float(profile[:, 0].max()) for _, profile, _, _ in parts)
    return solids, radius, max(float(profile[:, 1].max()) for _, profile, _, _ in parts[:3])
