"""What the depth of a frame says before anything is looked for: the ground, what rises above it, and in which pieces.

All is read at every `step`-th pixel. The ground are the level planes that are longer than any thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.depth_edge import off_the_edge
from perception.detection.settings import LayerSettings
from perception.surface.settings import SupportSettings
from perception.surface.support import Plane, level_planes
from perception.types import RgbdFrame

Mask = NDArray[np.bool_]
PLANES: Final = SupportSettings(least_share=0.05)
"""How planes are searched; the ground may fill a small part of the picture."""


@dataclass(frozen=True, eq=False)
class Layers:
    """Of a frame, at every `step`-th pixel.

    shape: (H, W) of the frame. depth: (h, w) metres, smoothed, 0 = no return. points: (h, w, 3) world, metres.
    ground: (h, w) what shows the ground. height: (h, w) metres above the nearest ground below, 0 where none was seen.
    pixel_m: (h, w) metres that one of these pixels covers. seen: whether any ground was seen. known: what was found
    out about masks.
    """

    shape: tuple[int, int]
    step: int
    depth: NDArray[np.float32]
    points: NDArray[np.float32]
    ground: Mask
    height: NDArray[np.float32]
    pixel_m: NDArray[np.float32]
    seen: bool
    settings: LayerSettings
    known: dict[Any, Any] = field(init=False, default_factory=dict)

    @cached_property
    def pieces(self) -> list[Mask]:
        """(h, w) connected pieces of what rises above the ground, cut where depth jumps; by each of `jumps_m`."""
        found: list[Mask] = []
        for jump_m in self.settings.jumps_m if self.seen else ():
            found += _pieces(self.depth, (self.height > 0) & ~self.ground, jump_m, self.settings.least_px)
        return found

    @cached_property
    def inside_px(self) -> NDArray[np.float32]:
        """(h, w) of these pixels from each to the edge of what the depth camera sees, but for the picture's border."""
        return off_the_edge(self.depth, self.settings.edge, self.step, border=False)

    def loose(self, jump_m: float, least_px: int) -> list[Mask]:
        """(h, w) connected pieces of all but the ground, cut where depth jumps by more: also where no ground is seen,
        as from the height of a table."""
        return _pieces(self.depth, (self.depth > 0) & ~self.ground, jump_m, least_px)

    @cached_property
    def outlines(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(P, h * w) 1 on each piece, else 0, and (P,) how many pixels each has."""
        flat = np.stack([piece.ravel() for piece in self.pieces]).astype(np.float32)
        return flat, flat.sum(axis=1)

    def small(self, mask: Mask) -> Mask:
        """A mask (H, W) of the frame at these pixels."""
        return mask[:: self.step, :: self.step]

    def full(self, mask: Mask) -> Mask:
        """A mask (h, w) of these pixels for the frame."""
        height, width = mask.shape[0] * self.step, mask.shape[1] * self.step
        large = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(large[: self.shape[0], : self.shape[1]] > 0.5)


def layers_of(frame: RgbdFrame, settings: LayerSettings) -> Layers:
    """The layers of a frame."""
    k, pose = frame.intrinsics, frame.world_from_camera
    step = max(1, round(k.height / settings.rows))
    depth = cv2.medianBlur(np.ascontiguousarray(frame.depth[::step, ::step]), 3)
    height, width = depth.shape
    u = (np.arange(width, dtype=np.float32) * np.float32(step) - np.float32(k.cx)) / np.float32(k.fx)
    v = (np.arange(height, dtype=np.float32) * np.float32(step) - np.float32(k.cy)) / np.float32(k.fy)
    turn, place = pose.rotation.astype(np.float32), pose.position_m.astype(np.float32)
    rays = turn[:, 0] * u[None, :, None] + turn[:, 1] * v[:, None, None] + turn[:, 2]
    points = rays * depth[..., None] + place
    returned = depth > 0
    ground, above = np.zeros(depth.shape, bool), np.full(depth.shape, np.inf, np.float32)
    tolerance = np.maximum(np.float32(settings.tolerance_m), np.float32(settings.tolerance_share) * depth)
    planes = _grounds(points[returned], depth[returned])
    for plane in planes:
        over = points[..., 2] - points[..., :2] @ plane.slope.astype(np.float32) - np.float32(plane.at_origin_m)
        on = returned & (np.abs(over) < np.maximum(tolerance, 2.5 * plane.noise_m))
        ends = np.quantile(points[on][:, :2], (0.02, 0.98), axis=0) if on.any() else np.zeros((2, 2))
        if float(np.hypot(*(ends[1] - ends[0]))) > settings.longest_m:
            ground |= on
            above = np.where((over > 0) & returned, np.minimum(above, over), above)
    raised = np.where(above < settings.highest_m, above, np.float32(0.0)).astype(np.float32)
    pixel_m = depth * np.float32(step / k.fx)
    return Layers(frame.intrinsics.shape, step, depth, points, ground, raised, pixel_m, bool(ground.any()), settings)


def _grounds(points: NDArray[np.float32], depth: NDArray[np.float32]) -> list[Plane]:
    if len(points) < PLANES.least_points:
        return []
    most_noise_m = PLANES.most_noise[0] + PLANES.most_noise[1] * float(np.median(depth))
    some = points[:: max(1, len(points) // PLANES.most_points)].astype(np.float64)
    return level_planes(some, most_noise_m, PLANES)


def _pieces(depth: NDArray[np.float32], high: Mask, jump_m: float, least_px: int) -> list[Mask]:
    edge = np.zeros(depth.shape, bool)
    for axis in (0, 1):
        edge |= np.insert(np.abs(np.diff(depth, axis=axis)) > jump_m, 0, False, axis=axis)
    solid = cv2.morphologyEx((high & ~edge).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    found = []
    for index in range(1, count):
        u, v, width, height, area = (int(value) for value in boxes[index])
        if area < least_px:
            continue
        piece = np.pad((labels[v : v + height, u : u + width] == index).astype(np.uint8), 4)
        piece = filled(cv2.dilate(cv2.morphologyEx(piece, cv2.MORPH_CLOSE, disc), np.ones((3, 3), np.uint8)))
        whole = np.zeros((depth.shape[0] + 8, depth.shape[1] + 8), bool)
        whole[v : v + height + 8, u : u + width + 8] = piece > 0
        found.append(whole[4:-4, 4:-4])
    return found


def filled(piece: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A piece without its holes, as the inside of a mug is one; a ring that is mostly hole stays."""
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(piece), outlines, -1, 1, -1)
    return whole if 2 * int(piece.sum()) > int(whole.sum()) else piece
