"""A model of the depth picture of Spot's hand camera, registered to the colour camera.

Input is the clean z-depth rendered in the colour camera. Output has the faults of the real sensor, a time-of-flight
camera of 224x171 pixels mounted at 90 degrees to the colour camera:

- native grid: one native pixel covers 2.62 colour pixels; only a part of the colour picture's columns is covered, with
  rounded corners;
- range noise that grows with distance and depends on the surface, and a fixed pattern that stays for an episode;
- dropouts that grow with the angle of incidence and towards the edge of the field of view; polished metal also loses
  its highlight and its flanks;
- boundaries: some pixels return nothing, some lie between the two surfaces;
- parallax: background just left of an object is hidden from the depth camera, which sits further right;
- registration: the picture is shifted and rolled;
- bias: a scale and an offset, kept for an episode; values are rounded and limited in range.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.types import Intrinsics
from simulation.genesis.settings import DepthSensorConfig

Float32 = NDArray[np.float32]


class DepthSensor:
    """One sensor during one episode. Registration error, fixed pattern and bias are drawn when it is made.

    rng: the only source of randomness; the same generator state gives the same pictures.
    """

    def __init__(self, config: DepthSensorConfig, rng: np.random.Generator) -> None:
        self.config = config
        self._rng = rng
        self.lateral_m = float(rng.uniform(*config.lateral_m))
        self.vertical_m = float(rng.uniform(*config.vertical_m))
        self.roll_rad = float(rng.normal(0.0, config.roll_rad))
        self.scale = 1.0 + float(rng.normal(0.0, config.bias_scale))
        self.offset_m = float(rng.normal(0.0, config.bias_m))
        self._pattern_seed = int(rng.integers(2**63))
        self._grid: _NativeGrid | None = None
        self._pattern: Float32 = np.zeros((0, 0), np.float32)

    def measure(
        self,
        clean_depth: NDArray[Any],
        intrinsics: Intrinsics,
        normals: NDArray[Any] | None = None,
        material_mm: float | NDArray[Any] | None = None,
        specular: NDArray[np.bool_] | None = None,
    ) -> Float32:
        """(H, W) float32 metres in the colour frame, 0 = no return.

        clean_depth: (H, W) z-depth in metres in the colour camera; 0 and non-finite values are no surface.
        normals: (H, W, 3) in the camera frame; None estimates them from the depth. material_mm: the noise constant k,
        one number or (H, W); None draws one for the frame. specular: (H, W), True on polished metal. ValueError if the
        shape is not that of the intrinsics.
        """
        if clean_depth.shape != intrinsics.shape:
            raise ValueError(f"depth has shape {clean_depth.shape}, the intrinsics say {intrinsics.shape}")
        config = self.config
        clean = np.nan_to_num(np.asarray(clean_depth, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        if config.ideal:
            return np.where((clean >= config.range_m[0]) & (clean <= config.range_m[1]), clean, np.float32(0.0))
        grid = self._native_grid(intrinsics)
        z = grid.sample(clean)
        cosine = grid.incidence(z, None if normals is None else grid.sample(normals))
        if material_mm is None:
            low, high = np.log(config.material_mm)
            k: Any = float(np.exp(self._rng.uniform(low, high)))
        else:
            k = grid.sample(material_mm) if isinstance(material_mm, np.ndarray) else material_mm
        noisy = self._range(z, k)
        lost = self._lost(z, cosine, grid, None if specular is None else grid.sample(specular))
        noisy = self._boundaries(z, noisy, lost)
        noisy = np.round(noisy / config.resolution_m) * np.float32(config.resolution_m)
        lost |= (noisy < config.range_m[0]) | (noisy > config.range_m[1]) | (z <= 0)
        noisy[lost] = 0.0
        return grid.spread(self._register(z, noisy, grid))

    def _native_grid(self, intrinsics: Intrinsics) -> _NativeGrid:
        if self._grid is None or self._grid.intrinsics != intrinsics:
            self._grid = _NativeGrid(intrinsics, self.config)
            pattern = np.random.default_rng(self._pattern_seed).standard_normal(self._grid.shape, np.float32)
            self._pattern = _blur_unit(pattern, self.config.pattern_blur_px) * np.float32(self.config.pattern_m)
        return self._grid

    def _range(self, z: Float32, k: Any) -> Float32:
        """Bias, correlated noise and fixed pattern on native depth."""
        config = self.config
        white = self._rng.standard_normal(z.shape, np.float32)
        sigma = np.asarray(k, np.float32) * np.float32(1e-3) * z ** np.float32(config.noise_exponent)
        noise = sigma * _blur_unit(white, config.noise_blur_px)
        return (z * np.float32(self.scale) + np.float32(self.offset_m) + noise + self._pattern).astype(np.float32)

    def _lost(
        self, z: Float32, cosine: Float32, grid: _NativeGrid, specular: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        """Which native pixels return nothing: by incidence, polish, field of view and parallax."""
        config = self.config
        chance = np.clip(config.drop_facing + config.drop_slope * (1.0 - cosine), 0.0, 0.95)
        none, law = config.drop_all_cos
        chance = np.maximum(chance, np.clip((law - cosine) / (law - none), 0.0, 1.0))
        chance += config.drop_edge * grid.edge
        if specular is not None:
            angle = np.arccos(np.clip(cosine, 0.0, 1.0))
            lobe = np.exp(-((angle / config.specular_lobe_rad) ** 2))
            lobe = np.maximum(lobe, cosine < config.specular_flank_cos)
            chance = np.where(specular, np.maximum(chance, lobe), chance)
        lost: NDArray[np.bool_] = self._rng.random(z.shape, np.float32) < chance
        return lost | grid.outside | _hidden(z, config.native_focal_px * config.baseline_m)

    def _boundaries(self, z: Float32, noisy: Float32, lost: NDArray[np.bool_]) -> Float32:
        """Depth with boundary pixels changed: some between the two surfaces, some lost, which is written to `lost`."""
        config = self.config
        seen = np.where(z > 0, z, np.float32(20.0))
        far = cv2.dilate(seen, np.ones((3, 3), np.uint8))
        near = cv2.erode(seen, np.ones((3, 3), np.uint8))
        step = (far - near) > np.maximum(config.boundary_step_m, config.boundary_step_share * near)
        draw = self._rng.random(z.shape, np.float32)
        share = self._rng.random(z.shape, np.float32)
        lost |= step & (draw < config.boundary_lost)
        flying = step & (draw > 1.0 - config.boundary_flying)
        lost |= flying & (far > 19.0)
        return np.where(flying, share * near + (1.0 - share) * far, noisy).astype(np.float32)

    def _register(self, z: Float32, noisy: Float32, grid: _NativeGrid) -> Float32:
        """Move every native pixel to where the faulty calibration projects it. The nearer surface wins."""
        f = self.config.native_focal_px
        rows, columns = z.shape
        safe = np.where(z > 0, z, np.float32(10.0))
        shift_u = np.rint(f * self.lateral_m / safe - self.roll_rad * grid.y_px).astype(np.int32)
        shift_v = np.rint(f * self.vertical_m / safe + self.roll_rad * grid.x_px).astype(np.int32)
        target_u = grid.columns + shift_u
        target_v = grid.rows + shift_v
        inside = (target_u >= 0) & (target_u < columns) & (target_v >= 0) & (target_v < rows)
        nearest_last = np.argsort(-(np.minimum(safe, 10.0) * 3000.0).astype(np.int16), axis=None, kind="stable")
        nearest_last = nearest_last[inside.ravel()[nearest_last]]
        source = np.full(rows * columns, -1, np.int32)
        source[(target_v * columns + target_u).ravel()[nearest_last]] = nearest_last
        source = _fill_seams(source.reshape(rows, columns))
        return np.where(source >= 0, noisy.ravel()[source], np.float32(0.0)).astype(np.float32)


class _NativeGrid:
    """The native pixels in the colour picture: everything that depends on the intrinsics only."""

    def __init__(self, intrinsics: Intrinsics, config: DepthSensorConfig) -> None:
        self.intrinsics = intrinsics
        pitch = intrinsics.fx / config.native_focal_px
        left = max(0.0, intrinsics.cx + config.left_tan * intrinsics.fx)
        right = min(float(intrinsics.width), intrinsics.cx + config.right_tan * intrinsics.fx)
        count_u = max(1, int((right - left) / pitch))
        count_v = max(1, int(np.ceil(intrinsics.height / pitch)))
        self.shape = (count_v, count_u)
        centre_u = left + (np.arange(count_u) + 0.5) * pitch
        centre_v = (np.arange(count_v) + 0.5) * pitch
        self._pick_u = np.clip(centre_u.astype(np.intp), 0, intrinsics.width - 1)
        self._pick_v = np.clip(centre_v.astype(np.intp), 0, intrinsics.height - 1)
        back_u = np.floor((np.arange(intrinsics.width) + 0.5 - left) / pitch).astype(np.intp)
        back_v = np.floor((np.arange(intrinsics.height) + 0.5) / pitch).astype(np.intp)
        self._covered = (back_u >= 0) & (back_u < count_u)
        self._back_u = np.clip(back_u, 0, count_u - 1)
        self._back_v = np.clip(back_v, 0, count_v - 1)
        self.rows, self.columns = np.mgrid[0:count_v, 0:count_u].astype(np.int32)
        self.x_px = ((centre_u - intrinsics.cx) / pitch).astype(np.float32)[None, :]
        self.y_px = ((centre_v - intrinsics.cy) / pitch).astype(np.float32)[:, None]
        self._x = self.x_px / np.float32(config.native_focal_px)
        self._y = self.y_px / np.float32(config.native_focal_px * intrinsics.fy / intrinsics.fx)
        self._ray = np.sqrt(1.0 + self._x**2 + self._y**2).astype(np.float32)
        from_side = np.minimum(self.columns, count_u - 1 - self.columns).astype(np.float32)
        from_end = np.minimum(self.rows, count_v - 1 - self.rows).astype(np.float32)
        radius = config.corner_radius_px
        corner = np.hypot(np.maximum(radius - from_side, 0), np.maximum(radius - from_end, 0))
        self.outside: NDArray[np.bool_] = corner > radius
        self.edge: NDArray[np.bool_] = from_side < config.edge_band_px

    def sample(self, image: NDArray[Any]) -> NDArray[Any]:
        """(H, W, ...) at the native pixels' centres, (h, w, ...)."""
        return image[self._pick_v[:, None], self._pick_u[None, :]]

    def spread(self, native: Float32) -> Float32:
        """(h, w) to (H, W): each colour pixel takes the native pixel that it lies in; 0 outside."""
        full: Float32 = native[self._back_v][:, self._back_u]
        full[:, ~self._covered] = 0.0
        return full

    def incidence(self, z: Float32, normals: NDArray[Any] | None) -> Float32:
        """(h, w) cosine between the surface normal and the view ray, 0..1."""
        if normals is None:
            f = np.float32(1.0 / self._x_step())
            zu = _slope(z, axis=1) * f
            zv = _slope(z, axis=0) * f
            normals = np.stack([zu, zv, -(z + self._x * zu + self._y * zv)], axis=-1)
        length = np.sqrt((normals.astype(np.float32) ** 2).sum(axis=-1)) * self._ray
        dot = normals[..., 0] * self._x + normals[..., 1] * self._y + normals[..., 2]
        return np.where(length > 0, np.abs(dot) / np.maximum(length, 1e-12), 1.0).astype(np.float32)

    def _x_step(self) -> float:
        return float(self._x[0, 1] - self._x[0, 0]) if self.shape[1] > 1 else 1.0


def _slope(z: Float32, axis: int) -> Float32:
    """Depth step per native pixel: the smaller of the two one-sided differences, so that it does not cross edges."""
    step = np.diff(z, axis=axis)
    pad = [(0, 0), (0, 0)]
    pad[axis] = (1, 0)
    before = np.pad(step, pad, mode="edge") if step.size else np.zeros_like(z)
    pad[axis] = (0, 1)
    after = np.pad(step, pad, mode="edge") if step.size else np.zeros_like(z)
    return np.where(np.abs(before) < np.abs(after), before, after).astype(np.float32)


def _blur_unit(white: Float32, sigma_px: float) -> Float32:
    """White noise blurred by a Gaussian and scaled back to a standard deviation of 1."""
    reach = int(np.ceil(4.0 * sigma_px))
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma_px)
    blurred = cv2.sepFilter2D(white, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred / (kernel**2).sum(), np.float32)


def _hidden(z: Float32, disparity_px_m: float) -> NDArray[np.bool_]:
    """Native pixels hidden from the depth camera on the right: there the order along the row is reversed."""
    position = np.arange(z.shape[1], dtype=np.float32)[None, :] - disparity_px_m / np.where(z > 0, z, 20.0)
    front = np.minimum.accumulate(position[:, ::-1], axis=1)[:, ::-1]
    hidden: NDArray[np.bool_] = position > front + 0.75
    return hidden


def _fill_seams(source: NDArray[np.int32]) -> NDArray[np.int32]:
    """Close gaps (-1) one pixel wide that rounding of the shift opens within a surface."""
    for axis in (1, 0):
        before, after = np.roll(source, 1, axis), np.roll(source, -1, axis)
        step = 1 if axis == 1 else source.shape[1]
        seam = (source < 0) & (before >= 0) & (after >= 0) & (np.abs(after - before) <= 3 * step)
        source = np.where(seam, before, source).astype(np.int32)
    return source
