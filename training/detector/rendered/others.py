"""Simple objects beside bottles, cans and mugs: boxes, balls, bowls, jars and glasses, which have a word, and cones,
rolls and rods, which have none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.scene.objects import SEGMENTS, make_object
from simulation.scene.textures import wrapper_texture
from training.detector.rendered.objects import Rng, eased, fit, plain
from training.detector.rendered.raycast import CLEAR, DIFFUSE, GLOSSY, Array, Material, Solid

KINDS = ("box", "box", "ball", "bowl", "bowl", "jar", "jar", "glass", "glass", "cone", "roll", "rod")
WORDLESS = ("cone", "roll", "rod")


def other_object(
    rng: Rng, world_from_object: Pose, instance: int, kind: str | None = None
) -> tuple[list[Solid], float, float, str]:
    """(solids, radius, height, word) of one object standing at a pose, metres; word is "" where it has none.

    instance: its number in the instances if it has a word. kind: of KINDS; a random one without.
    """
    kind = kind or str(rng.choice(KINDS))
    number = 0 if kind in WORDLESS else instance
    texture: NDArray[np.uint8] = fit(wrapper_texture(rng, "mug"))
    material = Material(int(rng.choice([DIFFUSE, DIFFUSE, GLOSSY])), float(rng.uniform(0.05, 0.3)))
    if kind == "box":
        half = rng.uniform(0.015, 0.09, 3) * [0.8, 0.8, 1.3]
        middle = world_from_object @ Pose.from_rpy((0, 0, 0), (0, 0, half[2]))
        box = Solid(middle, texture, half_m=tuple(half), material=material, instance=number)
        return [box], float(np.hypot(half[0], half[1])), float(2 * half[2]), kind
    if kind == "jar":
        jar = make_object("jar", int(rng.integers(1 << 31)))
        texture, profile = fit(jar.texture), jar.vertices[:: SEGMENTS + 1][:, [0, 2]]
    elif kind == "glass":
        profile = _glass(rng)
        texture = plain(np.clip(rng.uniform(0.85, 1.0) + rng.normal(0, 0.03, 3), 0, 1))
        material = Material(CLEAR, float(rng.uniform(0.0, 0.05)))
    else:
        profile = _turned(rng, kind)
    solid = Solid(world_from_object, texture, profile=profile.astype(np.float64), material=material, instance=number)
    name = "" if kind in WORDLESS else kind
    return [solid], float(profile[:, 0].max()), float(profile[:, 1].max()), name


def _turned(rng: Rng, kind: str) -> Array:
    """(K, 2) profile of a ball, cone, bowl, roll or rod."""
    if kind == "ball":
        r = rng.uniform(0.02, 0.09)
        turns = np.linspace(-np.pi / 2, np.pi / 2, 17)
        return np.stack([r * np.cos(turns), r + r * np.sin(turns)], axis=1)
    if kind == "cone":
        r, h = rng.uniform(0.03, 0.1), rng.uniform(0.06, 0.25)
        return np.array([(0, 0), (r, 0), (rng.uniform(0, 0.5) * r, h), (0, h)])
    if kind == "bowl":
        r, h = rng.uniform(0.05, 0.12), rng.uniform(0.03, 0.09)
        wall = eased([(0.45 * r, 0), (rng.uniform(0.75, 0.95) * r, 0.5 * h), (r, h)])
        inside = [(max(x - 0.004, 0.0), max(z, 0.006)) for x, z in wall[::-1]]
        return np.vstack([[(0, 0)], wall, inside, [(0, 0.006)]])
    if kind == "roll":  # of tape or paper: a hole through it
        r, h = rng.uniform(0.035, 0.07), rng.uniform(0.015, 0.12)
        hole = r * rng.uniform(0.35, 0.8)
        return np.array([(hole, 0), (r, 0), (r, h), (hole, h), (hole, 0)])
    r, h = rng.uniform(0.004, 0.015), rng.uniform(0.12, 0.5)
    return np.array([(0, 0), (r, 0), (r, h), (0, h)])


def _glass(rng: Rng) -> Array:
    """(K, 2) profile of a tumbler, or of a glass with a stem."""
    r, h = rng.uniform(0.028, 0.045), rng.uniform(0.07, 0.16)
    if rng.random() < 0.65:
        outside = [(r * rng.uniform(0.65, 1.0), 0.0), (r, h)]
    else:
        h, stem = rng.uniform(0.12, 0.22), rng.uniform(0.3, 0.5)
        outside = [(0.9 * r, 0.0), (0.004, 0.006), (0.004, stem * h), (r * rng.uniform(0.9, 1.2), 0.75 * h), (r, h)]
    wall = eased(outside)
    inside = [(max(x - 0.002, 0.001), z) for x, z in wall[::-1] if z > 0.4 * h or len(outside) == 2]
    return np.vstack([[(0.0, 0.0)], wall, inside])
