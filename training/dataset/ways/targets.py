"""What the labels of an object say about the pixels of a picture: a few pixels, each for a few ways, good or bad.

A grasp was tried at a surface sample with a jaw axis. Where the sample is seen, its pixel gets the outcome for the way
whose jaw axis, as seen from this camera, is nearest to it. All other pixels and ways stay unknown.

The targets of a picture are packed into one whole number a pixel: bit w says that way w is known there, bit
len(WAYS) + w that it is good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.hand.family import WAYS, applies, heading_of, rotation_of
from perception.quality.preprocess import Crop
from perception.types import Intrinsics

Array = NDArray[np.float64]
TURN_RAD: Final = float(np.radians(22.5))
"""Half the angle between two rolls of the ways from above: a jaw axis this near to a way's is that way."""
SEEN_M: Final = 0.008
"""A sample is seen if its surface faces the camera and the picture's depth at its pixel is so near to its own."""
SPREAD: Final = np.ones((3, 3), np.float32)
"""The pixels about a sample's that get its outcome, too."""


def targets(
    arrays: Mapping[str, NDArray[Any]],
    rest: int,
    world_from_lying: Pose,
    world_from_camera: Pose,
    camera: Intrinsics,
    depth: NDArray[np.float32],
    mask: NDArray[np.bool_],
    crop: Crop,
) -> NDArray[np.int32]:
    """(size, size) packed targets of a crop.

    arrays: of the object's file of way labels. rest: how it lies. world_from_lying: pose of the object as it lies in
    that file. depth, mask: (H, W) clean depth and true mask of the picture.
    """
    pose = world_from_lying @ Pose.from_matrix(arrays["rests"][rest])
    here = np.flatnonzero(arrays["rest"] == rest)
    good = np.zeros(len(arrays["way"]), bool)
    good[arrays["asked"]] = arrays["held"]
    points, normals = pose.transform(arrays["points"][rest]), arrays["normals"][rest] @ pose.rotation.T
    facing = np.einsum("ni,ni->n", normals, points - world_from_camera.position_m) < 0.0
    pixels = _pixels(points, facing, world_from_camera, camera, depth, mask, crop)
    heading = heading_of(world_from_camera)
    counts = np.zeros((2, len(WAYS), crop.size_px, crop.size_px), np.float32)
    expected: dict[tuple[str, str, int], tuple[list[int], Array]] = {}
    for number in here.tolist():
        sample, kind = int(arrays["sample"][number]), WAYS[arrays["way"][number]]
        column, row = pixels[sample]
        if column < 0 or not applies(kind, normals[sample]):
            continue
        key = kind.approach, kind.depth, -1 if kind.approach == "top" else sample
        if key not in expected:
            alike = [index for index, way in enumerate(WAYS) if (way.approach, way.depth) == key[:2]]
            axes = np.stack([rotation_of(WAYS[index], normals[sample], heading)[:, 2] for index in alike])
            expected[key] = alike, axes
        alike, axes = expected[key]
        agree = np.abs(axes @ (pose.rotation @ arrays["axis"][number]))
        best = int(np.argmax(agree))
        if agree[best] >= np.cos(TURN_RAD) - 1e-6:
            counts[:, alike[best], row, column] += 1.0, good[number]
    inside = crop.cut(mask.astype(np.uint8), smooth=False).astype(bool)
    return pack(*_spread(counts, inside))


def _pixels(
    points: Array,
    facing: NDArray[np.bool_],
    world_from_camera: Pose,
    camera: Intrinsics,
    depth: NDArray[np.float32],
    mask: NDArray[np.bool_],
    crop: Crop,
) -> list[tuple[int, int]]:
    """(column, row) in the crop of each of (N, 3) points, (-1, -1) if it is not seen or not `facing` (N,)."""
    local = world_from_camera.inverse().transform(points)
    uv = camera.project(np.where(local[:, 2:] > 0.05, local, 1.0))
    found = []
    for (u, v), z, faces in zip(uv.tolist(), local[:, 2].tolist(), facing.tolist(), strict=True):
        column = int(np.floor((u - crop.left_px) / crop.scale))
        row = int(np.floor((v - crop.top_px) / crop.scale))
        inside = faces and z > 0.05 and 0 <= u < camera.width and 0 <= v < camera.height
        inside = inside and 0 <= column < crop.size_px and 0 <= row < crop.size_px
        seen = inside and mask[int(v), int(u)] and abs(float(depth[int(v), int(u)]) - z) < SEEN_M
        found.append((column, row) if seen else (-1, -1))
    return found


def _spread(counts: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(known, good) (ways, h, w) of the numbers (2, ways, h, w) of all and of good outcomes, inside the mask; a pixel
    with outcomes of its own keeps them."""
    around = np.array([[cv2.filter2D(one, -1, SPREAD, borderType=cv2.BORDER_CONSTANT) for one in c] for c in counts])
    tried, held = np.where(counts[:1] > 0, counts, around)
    return (tried > 0.5) & inside, held > 0.5 * tried


def pack(known: NDArray[np.bool_], good: NDArray[np.bool_]) -> NDArray[np.int32]:
    """(h, w) of known and good (ways, h, w)."""
    bits = np.left_shift(1, np.arange(len(WAYS)), dtype=np.int32)[:, None, None]
    return np.asarray((known * bits + ((known & good) * (bits << len(WAYS)))).sum(axis=0), np.int32)


def unpack(packed: NDArray[np.int32]) -> NDArray[np.int8]:
    """(..., ways, h, w) of packed targets (..., h, w): 1 good, 0 bad, -1 unknown."""
    place = np.arange(len(WAYS), dtype=np.int32)[:, None, None]
    known, good = ((packed[..., None, :, :] >> (place + np.int32(first))) & 1 for first in (0, len(WAYS)))
    return (good - (1 - known)).astype(np.int8)
