"""Pictures of triangles: textures, suns with shadows, reflections of the surroundings, and clear glass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import looking_along
from training.dataset.ways.raster import rasterize
from training.detector.furnished.models import Model, stacked
from training.detector.furnished.shade_kernel import shade
from training.detector.rendered.raycast import CLEAR, Array, Lighting, View

FINER: Final = 1.3
"""Pixels that are drawn for one of the picture, along each side."""
SHADOW_PX: Final = 640
SHADOW_HALF_M: Final = 1.6
LIGHT_AWAY_M: Final = 20.0
NEAR_M: Final = 0.02
FAR_M: Final = 40.0


@dataclass(frozen=True, eq=False)
class Placed:
    """A model in a scene. rotation: (3, 3). place: (3,) metres. instance: its number, 0 for scenery."""

    model: Model
    rotation: Array
    place: Array
    instance: int = 0


class Outlines(NamedTuple):
    """What a view shows, without colour. instances: (h, w), 0 for scenery. depth: (h, w) metres, inf for none. through:
    the same without what is clear. hits: of what is opaque and of what is clear, which triangle each of the drawn
    pixels shows, -1 for none, and the shares of its corners."""

    instances: NDArray[np.uint8]
    depth: NDArray[np.float32]
    through: NDArray[np.float32]
    hits: list[tuple[Any, Any]]


class Stage:
    """A scene that pictures can be taken of. middle: (3,) where shadows are seen.

    The first two suns of the light are used; the second shines softly from above.
    """

    def __init__(self, placed: list[Placed], light: Lighting, middle: Array) -> None:
        self._light = light
        corners = np.concatenate([p.model.corners @ p.rotation.T + p.place for p in placed])
        normals = np.concatenate([p.model.normals @ p.rotation.T for p in placed])
        uv = np.concatenate([p.model.uv for p in placed])
        material, self._materials, self._textures = stacked([p.model for p in placed])
        owner = np.repeat([p.instance for p in placed], [len(p.model.corners) for p in placed]).astype(np.uint8)
        clear = self._materials[material, 0] == CLEAR
        self._parts = [tuple(x[part] for x in (corners, normals, uv, material, owner)) for part in (~clear, clear)]
        maps = [_shadows(self._parts[0][0], middle, sun[:3]) for sun in light.suns[:2]]
        self._shadows: Any = [np.stack([each[k] for each in maps]) for k in range(3)]

    def outlines(self, view: View) -> Outlines:
        """What a view shows. It takes a tenth of the time of the picture."""
        height, width, focal = _drawn(view)
        depth = np.full((height, width), np.inf, np.float32)
        instances, depths, hits = np.zeros((height, width), np.uint8), [], []
        for corners, _, _, _, owner in self._parts:
            far, triangle, share = rasterize(
                view.world_from_camera.inverse().transform(corners), height, width, focal, focal, width / 2,
                height / 2, NEAR_M, FAR_M,
            )  # fmt: skip
            triangle = np.where((triangle >= 0) & (far < depth), triangle, -1)
            shown = triangle >= 0
            instances[shown] = owner[triangle[shown]]
            depth = np.where(shown, far, depth)
            depths.append(depth)
            hits.append((triangle, share))
        small: list[Any] = [
            cv2.resize(image, view.size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
            for image in (instances, depths[1], depths[0])
        ]
        return Outlines(small[0], small[1], small[2], hits)

    def draw(self, view: View, seed: int, seen: Outlines | None = None) -> NDArray[np.float32]:
        """(h, w, 3) linear light, 0 to about 2, of a view. seed: of the jitter of shadows and of rough mirrors. seen:
        the view's outlines, if they are there."""
        height, width, focal = _drawn(view)
        light, camera = self._light, view.world_from_camera
        jitter = np.random.default_rng(seed).random((64, 2))
        rgb = np.zeros((height, width, 3), np.float32)
        hits = (seen or self.outlines(view)).hits
        for number, (part, (triangle, share)) in enumerate(zip(self._parts, hits, strict=True)):
            corners, normals, uv, material, _ = part
            shade(
                rgb, triangle, share, corners, normals, uv, material, self._materials, self._textures, camera.rotation,
                camera.position_m, focal, light.ambient, light.suns[:2], light.sky, self._shadows[0],
                self._shadows[1], self._shadows[2], SHADOW_PX / (2 * SHADOW_HALF_M), LIGHT_AWAY_M, jitter, number == 0,
            )  # fmt: skip
        return np.asarray(cv2.resize(rgb, view.size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _drawn(view: View) -> tuple[int, int, float]:
    """Rows, columns and focal length of what is drawn for a view, in pixels."""
    height, width = (int(FINER * side) for side in view.size)
    return height, width, view.focal_px * FINER


def _shadows(corners: Array, middle: Array, towards: Array) -> tuple[NDArray[np.float32], Array, Array]:
    """(depth (SHADOW_PX, SHADOW_PX) from the light, its rotation (3, 3) and its place (3,))."""
    direction = np.asarray(towards, np.float64) / np.linalg.norm(towards) + [1e-4, 0, 0]  # never quite from above
    pose = looking_along(middle + LIGHT_AWAY_M * direction, -direction)
    focal = SHADOW_PX * LIGHT_AWAY_M / (2 * SHADOW_HALF_M)
    seen: Any = rasterize(
        pose.inverse().transform(corners), SHADOW_PX, SHADOW_PX, focal, focal, SHADOW_PX / 2, SHADOW_PX / 2, 5.0, 60.0
    )
    return seen[0], pose.rotation, pose.position_m
