"""Adds the floor of a scene, and its hills, to Genesis."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.scene.ground.land import Land
from simulation.scene.ground.relief import HALF_M, PITCH_M
from simulation.scene.textures import Image

GROUND_FRICTION = 1.0
UNDER_M = 0.005
"""The plane lies so much under hills, so that a foot does not touch both."""


def add_floor(scene: Any, land: Land, texture: Image, *, physics: bool) -> None:
    """Add the floor to a gs.Scene before it is built. physics: whether hills have contact; the plane always has."""
    import genesis as gs

    surface = gs.surfaces.Default(diffuse_texture=gs.textures.ImageTexture(image_array=np.ascontiguousarray(texture)))
    up = land.pose((*land.start_m, 0.0))
    under_m = up.position_m - np.array([0.0, 0.0, UNDER_M if land.relief else 0.0])
    scene.add_entity(gs.morphs.Plane(pos=tuple(under_m), normal=tuple(up.rotation[:, 2])), surface=surface)
    if land.relief is not None:
        places = land.relief.places_m()
        hills = gs.morphs.Terrain(
            height_field=land.floor_m(places),
            horizontal_scale=PITCH_M,
            vertical_scale=1.0,
            uv_scale=2 * HALF_M,
            pos=(*places[0, 0], 0.0),
            collision=physics,
        )
        scene.add_entity(hills, material=gs.materials.Rigid(friction=GROUND_FRICTION), surface=surface)
