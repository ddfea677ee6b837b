"""Surface normals from a z-depth picture: D2NT for clean depth, a windowed plane fit for a real sensor.

Normals are (H, W, 3) float32 unit vectors in the camera frame: x right, y down, z forward. They point against the
pixel's line of sight, so z < 0 but for the picture's far sides. They are 0 where unknown. Depth is metres along the
optical axis with 0 for no return.

D2NT needs clean depth: on a real time-of-flight picture it errs by tens of degrees, the plane fit by a few.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.surface.silhouette import bounds
from perception.types import Intrinsics

Float32 = NDArray[np.float32]
D2ntVersion = Literal["v1", "v2", "v3"]

_ROUGH = np.float32(1e9)  # stands for the Laplacian where a neighbour has no depth


@functools.cache
def _compiled() -> Any:
    """The compiled D2NT v3; None where numba is not installed."""
    try:
        from perception.surface.d2nt_compiled import d2nt_v3
    except ImportError:
        return None
    return d2nt_v3


def d2nt_normals(depth: NDArray[Any], intrinsics: Intrinsics, version: D2ntVersion = "v3") -> Float32:
    """Depth-to-normal translation (D2NT, arXiv 2304.12031), free of the depth's unit.

    v1: central differences. v2: of the two one-sided differences the smoother side counts more. v3: each normal is then
    replaced by that of the smoothest pixel among itself and its four neighbours. Where the published filter weighs the
    sides by exp(-|Laplacian|), which depends on the unit, this one weighs by the ratio of the two Laplacians.
    ContractError if the shape is not the intrinsics'.
    """
    z = _checked(depth, intrinsics)
    quick = _compiled() if version == "v3" else None
    if quick is not None:
        normals: Float32 = quick(z, intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy)
        return normals
    return d2nt_numpy(z, intrinsics, version)


def d2nt_numpy(z: Float32, intrinsics: Intrinsics, version: D2ntVersion) -> Float32:
    if version == "v1":
        zu, zv = _central(z, 1), _central(z, 0)
    else:
        zu, zv = _one_sided(z, 1), _one_sided(z, 0)
    u = np.arange(intrinsics.width, dtype=np.float32)[None, :] - np.float32(intrinsics.cx)
    v = np.arange(intrinsics.height, dtype=np.float32)[:, None] - np.float32(intrinsics.cy)
    normals = np.stack(
        [np.float32(intrinsics.fx) * zu, np.float32(intrinsics.fy) * zv, -(z + u * zu + v * zv)], axis=-1
    )
    if version == "v3":
        normals = _smoothest_neighbour(normals, z)
    return _towards_camera(normals, (z > 0) & np.isfinite(normals).all(axis=-1), intrinsics)


def plane_fit_normals(
    depth: NDArray[Any],
    intrinsics: Intrinsics,
    sigma_px: float | tuple[float, float] = 12.0,
    mask: NDArray[Any] | None = None,
    min_weight: float = 0.02,
) -> Float32:
    """Normal of the plane that fits the inverse depth around each pixel best.

    A plane is linear in inverse depth, 1/Z = a x + b y + c with x = X/Z and y = Y/Z, and its normal is -(a, b, c): the
    fit is exact on planes at any slant. The window is two box filters whose joint standard deviation is `sigma_px`, one
    number or (along u, along v).
    mask: (H, W) weight >= 0 (bool allowed); pixels with 0 count for nothing, so that a background does not leak into an
    object. Pixels without depth never count. min_weight: share of the window that must count, else the normal is 0.
    Normals are given wherever the window holds enough, also on a pixel that has no depth itself.
    ContractError if a shape is not the intrinsics'; ValueError if sigma_px is not positive.
    """
    sigmas = sigma_px if isinstance(sigma_px, tuple) else (sigma_px, sigma_px)
    if not min(sigmas) > 0:
        raise ValueError(f"sigma_px is {sigma_px}, must be positive")
    z = _checked(depth, intrinsics)
    weight = (z > 0).astype(np.float32)
    if mask is not None:
        if mask.shape != z.shape:
            raise ContractError(f"mask has shape {mask.shape}, depth has {z.shape}")
        weight *= mask.astype(np.float32)
    inverse = np.divide(1.0, z, out=np.zeros_like(z), where=z > 0)
    x = ((np.arange(z.shape[1]) - intrinsics.cx) / intrinsics.fx).astype(np.float32)[None, :]
    y = ((np.arange(z.shape[0]) - intrinsics.cy) / intrinsics.fy).astype(np.float32)[:, None]
    wx, wy, wr = weight * x, weight * y, weight * inverse
    sides = tuple(map(_side, sigmas))

    def mean(image: Float32) -> NDArray[np.float64]:
        once = cv2.boxFilter(image, cv2.CV_64F, sides, borderType=cv2.BORDER_CONSTANT)
        twice: NDArray[np.float64] = cv2.boxFilter(once, cv2.CV_64F, sides, borderType=cv2.BORDER_CONSTANT)
        return twice

    total = mean(weight)
    enough = total > min_weight
    share = 1.0 / np.where(enough, total, 1.0)
    mx, my, mr = mean(wx) * share, mean(wy) * share, mean(wr) * share
    xx = mean(wx * x) * share - mx * mx
    xy = mean(wx * y) * share - mx * my
    yy = mean(wy * y) * share - my * my
    xr = mean(wx * inverse) * share - mx * mr
    yr = mean(wy * inverse) * share - my * mr
    determinant = xx * yy - xy * xy
    one_pixel = 1.0 / (intrinsics.fx * intrinsics.fy)
    known = enough & (determinant > 0.25 * one_pixel**2)
    scale = 1.0 / np.where(known, determinant, 1.0)
    a = (xr * yy - yr * xy) * scale
    b = (yr * xx - xr * xy) * scale
    c = mr - a * mx - b * my
    normals = np.empty((*z.shape, 3), np.float32)
    for axis, part in enumerate((a, b, c)):
        np.negative(part, out=normals[..., axis], casting="same_kind")
    return _towards_camera(normals, known, intrinsics)


def object_normals(
    depth: NDArray[Any],
    intrinsics: Intrinsics,
    sigma_px: float,
    near: NDArray[np.bool_],
    mask: NDArray[np.bool_],
) -> Float32:
    """`plane_fit_normals` of an object's near surface, 0 off its mask; worked out about the mask only.

    near: (H, W), True on the mask's pixels that show the surface. mask: (H, W) bool.
    """
    normals = np.zeros((*mask.shape, 3), np.float32)
    window = bounds(mask, _side(sigma_px) // 2)  # where the first of the two box filters is not 0
    if window is None:
        return normals
    fitted = plane_fit_normals(depth[window], intrinsics.part(window), sigma_px, near[window])
    normals[window] = fitted * mask[window][..., None]
    return normals


def _side(sigma_px: float) -> int:
    """Pixels across a box filter that, applied twice, has this standard deviation."""
    return max(3, 2 * round((float(np.sqrt(6.0 * sigma_px**2 + 1.0)) - 1.0) / 2.0) + 1)


def _checked(depth: NDArray[Any], intrinsics: Intrinsics) -> Float32:
    if depth.shape != intrinsics.shape:
        raise ContractError(f"depth has shape {depth.shape}, the intrinsics say {intrinsics.shape}")
    z = np.asarray(depth, np.float32)
    return np.where(np.isfinite(z) & (z > 0), z, np.float32(0.0))


def _towards_camera(normals: Float32, known: NDArray[np.bool_], intrinsics: Intrinsics) -> Float32:
    """Unit length, against the line of sight, 0 where not known."""
    x = (np.arange(normals.shape[1], dtype=np.float32)[None, :] - np.float32(intrinsics.cx)) / np.float32(intrinsics.fx)
    y = (np.arange(normals.shape[0], dtype=np.float32)[:, None] - np.float32(intrinsics.cy)) / np.float32(intrinsics.fy)
    a, b, c = (normals[..., i] for i in range(3))
    away = a * x + b * y + c > 0
    length = np.sqrt(a * a + b * b + c * c)
    usable = known & (length > 0)
    scale = np.where(away, np.float32(-1.0), np.float32(1.0)) / np.where(usable, length, np.float32(1.0))
    return np.where(usable[..., None], normals * scale[..., None], np.float32(0.0)).astype(np.float32)


def _shifted(image: Float32, axis: int, by: int) -> Float32:
    """The value `by` pixels further along the axis; the border repeats."""
    index = np.clip(np.arange(image.shape[axis]) + by, 0, image.shape[axis] - 1)
    return np.take(image, index, axis=axis)


def _central(z: Float32, axis: int) -> Float32:
    """(Z(+1) - Z(-1)) / 2, NaN where a neighbour has no depth."""
    after, before = _shifted(z, axis, 1), _shifted(z, axis, -1)
    slope = (after - before) / np.float32(2.0)
    return np.where((after > 0) & (before > 0), slope, np.float32(np.nan))


def _one_sided(z: Float32, axis: int) -> Float32:
    """Blend of the two one-sided differences in favour of the smoother side; NaN where neither side has depth."""
    before, after = _shifted(z, axis, -1), _shifted(z, axis, 1)
    left, right = z - before, after - z
    rough = np.abs(left - right)
    rough = np.where((z > 0) & (before > 0) & (after > 0), rough, _ROUGH)
    rough_left, rough_right = _shifted(rough, axis, -1), _shifted(rough, axis, 1)
    rough_left = np.where(before > 0, rough_left, np.float32(2.0) * _ROUGH)
    rough_right = np.where(after > 0, rough_right, np.float32(2.0) * _ROUGH)
    mean = (rough_left + rough_right) / np.float32(2.0)
    weight_left = 1.0 / (1.0 + np.exp((rough_left - rough_right) / np.maximum(mean, np.float32(1e-30))))
    weight_left = np.where(rough_left > np.e * rough_right, 0.0, weight_left)
    weight_left = np.where(rough_right > np.e * rough_left, 1.0, weight_left)
    weight_left = np.where(before > 0, np.where(after > 0, weight_left, 1.0), 0.0)
    slope = weight_left * left + (1.0 - weight_left) * right
    return np.where((before > 0) | (after > 0), slope, np.nan).astype(np.float32)


def _smoothest_neighbour(normals: Float32, z: Float32) -> Float32:
    """Each pixel takes the normal of the one with the least |4 Z - sum of neighbours| among itself and its four."""
    around = [_shifted(z, axis, by) for axis in (0, 1) for by in (-1, 1)]
    rough = np.abs(np.float32(4.0) * z - sum(around))
    blind = (z <= 0) | (np.minimum.reduce(around) <= 0) | ~np.isfinite(normals).all(axis=-1)
    rough = np.where(blind, _ROUGH, rough)
    best, best_rough = normals, rough
    for axis in (0, 1):
        for by in (-1, 1):
            other = _shifted(rough, axis, by)
            better = other < best_rough
            best = np.where(better[..., None], _shifted(normals, axis, by), best)
            best_rough = np.where(better, other, best_rough)
    return best.astype(np.float32)
