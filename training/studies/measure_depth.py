"""Errors of normals and depth under the sensor's faults: D2NT and plane fit, one frame and several, the mask's mean and
the first surface.

`python -m training.studies.measure_depth [--scenes N] [--seed S] [--real DIR --wall U0,V0,U1,V1 --mask FILE]`

Simulated: an upright cylinder and a wall, with noise and registration error, against the truth. --real: depth_*.npy of
the hand camera in millimetres. The wall inside the rectangle is compared with the plane that fits the mean of all
frames best; with --mask, the object's depths by both rules are listed. JSON on stdout.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_depth")

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.base.array_files import read_array, read_picture
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.surface.depth import first_surface_depth, median_depth
from perception.surface.normals import d2nt_normals, plane_fit_normals
from perception.surface.registration import object_depth
from perception.types import Intrinsics
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig

HAND_CAMERA = SPOT.hand_camera
Float32 = NDArray[np.float32]
FRAMES = 5
LEVEL = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.zeros(3))


def angles_deg(normals: NDArray[Any], truth: NDArray[Any], where: NDArray[np.bool_]) -> float:
    """Mean angle between normals (H, W, 3) and truth over the pixels of `where` with a normal; nan without one."""
    known = where & normals.any(axis=-1)
    if not known.any():
        return float("nan")
    true = np.broadcast_to(truth, normals.shape)[known]
    return float(np.degrees(np.arccos(np.clip((normals[known] * true).sum(axis=1), -1.0, 1.0))).mean())


def ways(frames: Sequence[Float32], camera: Intrinsics, mask: NDArray[np.bool_]) -> dict[str, Float32]:
    """The normals (H, W, 3) of each method for these frames of one scene."""
    fused = median_depth(frames)
    first = frames[0]
    return {
        "D2NT v3, one frame": d2nt_normals(first, camera, "v3"),
        f"D2NT v3, {len(frames)} frames": d2nt_normals(fused, camera, "v3"),
        "D2NT v3 after a 5x5 median": d2nt_normals(cv2.medianBlur(first, 5), camera, "v3"),
        "plane fit 6 px, one frame": plane_fit_normals(first, camera, 6.0, mask),
        "plane fit 12 px, one frame": plane_fit_normals(first, camera, 12.0, mask),
        f"plane fit 12 px, {len(frames)} frames": plane_fit_normals(fused, camera, 12.0, mask),
    }


def simulated(scenes: int, seed: int) -> dict[str, Any]:
    """Medians over the scenes: mean errors of normals on wall and cylinder, depth errors of both rules."""
    rng = np.random.default_rng(seed)
    errors: dict[str, dict[str, list[float]]] = {"wall": {}, "cylinder": {}}
    depths: dict[str, list[float]] = {"mean of the mask": [], "first surface": []}
    for _ in range(scenes):
        near, radius = float(rng.uniform(0.4, 0.8)), float(rng.uniform(0.028, 0.04))
        clean, normals, mask = cylinder(near, radius, near + float(rng.uniform(0.15, 0.6)))
        sensor = DepthSensor(DepthSensorConfig(), rng)
        material = float(np.exp(rng.uniform(*np.log(DepthSensorConfig().material_mm))))
        frames = [sensor.measure(clean, HAND_CAMERA, material_mm=material) for _ in range(FRAMES)]
        moved = [object_depth(frame, mask, HAND_CAMERA, LEVEL).depth for frame in frames]
        for place, where, used in (("wall", _inner(~mask, clean), frames), ("cylinder", mask, moved)):
            for way, estimate in ways(used, HAND_CAMERA, where).items():
                errors[place].setdefault(way, []).append(angles_deg(estimate, normals, where))
        v, u = (int(np.median(index)) for index in np.nonzero(mask))
        values = frames[0][mask & (frames[0] > 0)]
        depths["mean of the mask"].append(1e3 * (float(values.mean()) - float(clean[v, u])))
        first = first_surface_depth(moved[0], mask, (u, v))
        depths["first surface"].append(1e3 * ((first or float("nan")) - float(clean[v, u])))
    return {
        "scenes": scenes,
        "normals_deg": {place: {k: _median(v) for k, v in table.items()} for place, table in errors.items()},
        "depth_error_mm": {
            rule: {"median": _median(v), "worst tenth": round(float(np.nanpercentile(np.abs(v), 90)), 1)}
            for rule, v in depths.items()
        },
    }


def cylinder(near_m: float, radius_m: float, wall_m: float) -> tuple[Float32, Float32, NDArray[np.bool_]]:
    """(clean depth, true normals, mask) of an upright cylinder 0.2 m tall in the middle, and a wall behind it."""
    v, u = np.mgrid[0 : HAND_CAMERA.height, 0 : HAND_CAMERA.width]
    x = (u - HAND_CAMERA.cx) / HAND_CAMERA.fx
    y = (v - HAND_CAMERA.cy) / HAND_CAMERA.fy
    centre = near_m + radius_m
    a, b, c = 1.0 + x * x, -centre, centre**2 - radius_m**2
    root = b * b - a * c
    z = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0.0))) / a, wall_m)
    mask = (root > 0) & (np.abs(y * z) < 0.1)
    depth = np.where(mask, z, wall_m).astype(np.float32)
    side = np.stack([x * z / radius_m, np.zeros_like(z), (z - centre) / radius_m], axis=-1)
    normals = np.where(mask[..., None], side, [0.0, 0.0, -1.0]).astype(np.float32)
    return depth, normals, mask


def _inner(background: NDArray[np.bool_], depth: Float32) -> NDArray[np.bool_]:
    """Background away from the object's edge."""
    kernel = np.ones((81, 81), np.uint8)
    inner: NDArray[np.bool_] = cv2.erode(background.astype(np.uint8), kernel).astype(bool) & (depth > 0)
    return inner


def real(folder: Path, wall: tuple[int, int, int, int], mask_file: Path | None) -> dict[str, Any]:
    """Errors on recorded frames: normals of a wall; depths of the object under the mask, metres. ConfigError."""
    files = sorted(folder.glob("depth_*.npy"))
    if not files:
        raise ConfigError(f"{folder}: no depth_*.npy here")
    frames = [read_array(path, "depth").astype(np.float32) / np.float32(1000.0) for path in files]
    size = (HAND_CAMERA.height, HAND_CAMERA.width)
    if wrong := [path for path, frame in zip(files, frames, strict=True) if frame.shape != size]:
        raise ConfigError(f"{wrong[0]}: not {size[1]} x {size[0]} numbers, the size of the hand camera's depth")
    u0, v0, u1, v1 = wall
    where = np.zeros(frames[0].shape, bool)
    where[v0:v1, u0:u1] = True
    if not where.any():
        raise ConfigError(f"--wall {wall} holds no pixel; give U0,V0,U1,V1 with U0 < U1 and V0 < V1")
    truth = _wall_normal(np.stack(frames), where)
    result: dict[str, Any] = {
        "frames": len(frames),
        "wall_normals_deg": {
            way: round(angles_deg(normals, truth, where), 1)
            for way, normals in ways(frames, HAND_CAMERA, where).items()
        },
    }
    if mask_file is not None:
        picture = read_picture(mask_file, "mask", cv2.IMREAD_GRAYSCALE)
        if picture.shape != frames[0].shape:
            raise ConfigError(f"{mask_file}: no mask of the frames' size")
        mask = picture > 0
        v, u = (int(np.median(index)) for index in np.nonzero(mask))
        for path, frame in zip(files, frames, strict=True):
            seen = object_depth(frame, mask, HAND_CAMERA, LEVEL)
            values = frame[mask & (frame > 0)]
            result[path.stem] = {
                "mean of the mask": round(float(values.mean()), 3),
                "first surface": round(first_surface_depth(seen.depth, mask, (u, v)) or 0.0, 3),
                "shift_px": seen.shift_px,
            }
    return result


def _wall_normal(frames: Float32, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The normal of a plane fitted to the frames' mean in inverse depth, without the worst tenth."""
    valid = frames > 0
    mean = frames.sum(axis=0) / np.maximum(valid.sum(axis=0), 1)
    v, u = np.nonzero(where & valid.any(axis=0))
    rows = np.stack([(u - HAND_CAMERA.cx) / HAND_CAMERA.fx, (v - HAND_CAMERA.cy) / HAND_CAMERA.fy, np.ones(u.size)], 1)
    inverse = 1.0 / mean[v, u]
    keep = np.ones(u.size, bool)
    for _ in range(5):
        plane, *_ = np.linalg.lstsq(rows[keep], inverse[keep], rcond=None)
        miss = np.abs(rows @ plane - inverse)
        keep = miss <= np.percentile(miss, 90)
    normal: NDArray[np.float64] = -plane / np.linalg.norm(plane)
    return normal


def _median(values: Sequence[float]) -> float:
    return round(float(np.nanmedian(values)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--wall", type=lambda text: tuple(int(part) for part in text.split(",")))
    parser.add_argument("--mask", type=Path)
    args = parser.parse_args()
    if args.scenes < 1 or (args.real and (args.wall is None or len(args.wall) != 4)):
        raise ConfigError("--scenes must be at least 1, and --real needs --wall U0,V0,U1,V1")
    report = {"simulated": simulated(args.scenes, args.seed)}
    if args.real:
        report["real"] = real(args.real, args.wall, args.mask)
    sys.stdout.write(json_text(report, indent=1, ensure_ascii=False) + "\n")
