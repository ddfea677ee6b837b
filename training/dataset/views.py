"""Rendered views for training: random scenes from places of the hand camera, with every object's mask and pose.

`python -m training.dataset.views --out DIR --scenes N --views-per-scene M --seed S --preset far|near`

One file per view, DIR/view-SSSSS-VV.npz: rgb (480, 640, 3) uint8 RGB; depth (480, 640) uint16, in 0.1 mm along the
optical axis, 0 = nothing within 6 m; instances (480, 640) uint8, 0 = no object, k = row k-1 of the object arrays;
families, seeds: (K,) of each object; world_from_object (K, 4, 4); world_from_camera (4, 4), optical axes; intrinsics
(4,) fx, fy, cx, cy. DIR/manifest.json names schema, preset and seeds. Files are written whole or not at all, and an
interrupted run continues.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.dataset.views")

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.base.files import replacing, write_atomic
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.genesis.scene_camera import SceneCamera
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.spec import ClutterSpec, LightSpec, SceneSpec, SupportSpec, TargetSpec
from training.dataset.labels.project import DEPTH_UNIT_M as DEPTH_UNIT_M
from training.dataset.viewpoints import PRESETS, ViewPreset, camera_pose

SCHEMA = 1
FAR_M = 6.0
"""Depth beyond this is stored as 0."""

SPEC = SceneSpec(
    name="training",
    folder=Path(),
    support=SupportSpec(height_m=(0.35, 0.75), half_width_m=(0.13, 0.25)),
    target=TargetSpec(families=("bottle", "bottle", "thermos", "can", "mug"), edge_m=(0.04, 0.12)),
    clutter=ClutterSpec(count=(1, 4), families=("bottle", "thermos", "can", "mug"), gap_m=0.15, floor_boxes=(0, 3)),
    light=LightSpec(intensity=(1.2, 6.0), ambient=(0.08, 0.5)),
)
SEED_BASE = 5_000_000
"""Seeds of training scenes are above this, those of runs and evaluations below."""


def photograph(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """An (H, W, 3) picture as a camera may take it: random white balance, exposure, gamma, blur and noise."""
    picture = rgb.astype(np.float32) / 255.0
    picture = np.clip(picture * rng.uniform(0.6, 1.4) * rng.uniform(0.88, 1.12, 3), 0, 1) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.8)))
    picture += rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    return np.clip(picture * 255, 0, 255).astype(np.uint8)


def render_scene(seed: int, views: int, preset: ViewPreset) -> list[dict[str, Any]]:
    """All views of one scene, as the arrays of a view file. Genesis must have been started."""
    sample = sample_scene(SPEC, SEED_BASE + seed)
    rng = np.random.default_rng([seed, 7])
    return render_views(sample, SPOT.hand_camera, (camera_pose(rng, preset, sample) for _ in range(views)))


def render_views(sample: SceneSample, intrinsics: Intrinsics, poses: Iterable[Pose]) -> list[dict[str, Any]]:
    """A scene from several world_from_camera poses, as arrays of view files. Genesis must have been started."""
    with SceneCamera(sample, intrinsics) as camera:
        return [render_view(camera, intrinsics, world_from_camera) for world_from_camera in poses]


def render_view(camera: SceneCamera, intrinsics: Intrinsics, world_from_camera: Pose) -> dict[str, Any]:
    """A built scene from one pose, as the arrays of a view file."""
    picture = camera.take(world_from_camera)
    objects = [item.object for item in camera.placed]
    return {
        "rgb": picture.rgb,
        "depth": np.where(picture.depth < FAR_M, picture.depth / DEPTH_UNIT_M, 0).astype(np.uint16),
        "instances": picture.instances,
        "families": np.array([item.family for item in objects]),
        "seeds": np.array([item.seed for item in objects]),
        "world_from_object": np.stack([pose.matrix() for pose in camera.world_from_object]),
        "world_from_camera": world_from_camera.matrix(),
        "intrinsics": np.array([intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy]),
    }


def generate(out: Path, scenes: range, views: int, preset_name: str) -> int:
    """Render the missing scenes; returns how many views were added."""
    from simulation.genesis.physics import init_genesis

    out.mkdir(parents=True, exist_ok=True)
    manifest = {"schema": SCHEMA, "preset": preset_name, "first": scenes.start, "scenes": len(scenes), "views": views}
    write_atomic(out / "manifest.json", json_text(manifest, indent=1).encode())
    added = 0
    started = False
    for seed in scenes:
        last = out / f"view-{seed:05d}-{views - 1:02d}.npz"
        if last.exists():
            continue
        if not started or seed % 30 == 0:  # a scene leaks some tens of megabytes
            init_genesis()
            started = True
        for index, view in enumerate(render_scene(seed, views, PRESETS[preset_name])):
            name = f"view-{seed:05d}-{index:02d}"
            with replacing(out / f"{name}.npz") as part:
                np.savez_compressed(part, **view)
            added += 1
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--views-per-scene", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="number of the first scene")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="near")
    args = parser.parse_args()
    generate(args.out, range(args.seed, args.seed + args.scenes), args.views_per_scene, args.preset)
