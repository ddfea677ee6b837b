"""Compare this project's gripper shape with a reference shape: the same sampled grasps, tried with both.

`python -m simulation.trials.compare_gripper --reference DIR [--grasps 2000] [--seed 0]`

DIR holds the reference's convex hulls as OBJ files in link frames, metres. The objects are upright cylinders and
bottles. Offsets, tilts and rolls vary so widely that many grasps fail.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("simulation.trials.compare_gripper")

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.gripper_shape import PIECES
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.hand.hand_pose import hand_pose
from simulation.genesis.physics import init_genesis
from simulation.scene.mesh_files import read_mesh
from simulation.scene.objects import GraspObject, make_object
from simulation.trials.grasp_trials import run_trials

REFERENCE_FILES = {
    "arm_link_wr1": "wr1", "middle_jaw": "wr1", "front_jaw": "wr1", "jaw_tooth": "wr1",
    "left_hinge": "fngr", "right_hinge": "fngr", "left_finger": "fngr", "right_finger": "fngr",
    "left_tooth": "fngr", "right_tooth": "fngr",
}  # fmt: skip
GRASPS_PER_OBJECT = 250
RADIUS_M, HEIGHT_M, MASS_KG, FRICTION = (0.015, 0.045), (0.12, 0.25), (0.15, 0.6), (0.5, 0.9)
LATERAL_M, DEPTH_M, TURN_RAD = 0.03, 0.02, (0.5, 0.4, 0.3)
"""Half ranges: offset along the closing direction, offset along the approach, and roll, pitch and yaw of the hand."""


@dataclass(frozen=True)
class ReferencePart:
    """A convex hull read from a file."""

    name: str
    link: str
    path: Path

    def mesh(self) -> Any:
        import trimesh

        return trimesh.convex.convex_hull(read_mesh(self.path)[0])


def reference_parts(folder: Path) -> tuple[ReferencePart, ...]:
    """The ten hulls in a folder; ConfigError if one is missing."""
    parts = tuple(ReferencePart(name, link, folder / f"{name}.obj") for name, link in REFERENCE_FILES.items())
    for part in parts:
        if not part.path.is_file():
            raise ConfigError(
                f"{part.path}: no such file; --reference wants a folder with {', '.join(REFERENCE_FILES)}"
            )
    return parts


def sample_object(rng: np.random.Generator) -> GraspObject:
    """A plain cylinder or a bottle, half each."""
    if rng.random() < 0.5:
        return make_object("bottle", int(rng.integers(2**31)))
    import trimesh

    radius, height = rng.uniform(*RADIUS_M), rng.uniform(*HEIGHT_M)
    mesh = trimesh.creation.cylinder(radius=radius, height=height, sections=48)
    vertices = np.asarray(mesh.vertices) + np.array([0, 0, height / 2])
    skin = np.full((8, 8, 3), 150, np.uint8)
    uv = np.full((len(vertices), 2), 0.5)
    mass, friction = float(rng.uniform(*MASS_KG)), float(rng.uniform(*FRICTION))
    return GraspObject("mesh", 0, vertices, np.asarray(mesh.faces), uv, skin, mass, friction)


def sample_grasp(item: GraspObject, rng: np.random.Generator) -> Pose:
    """object_from_hand: the pose for a point on the side, changed by a random offset and rotation."""
    angle, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, item.height_m)
    normal = np.array([np.cos(angle), np.sin(angle), 0.0])
    width = 2 * item.radius_m
    pose = hand_pose(normal * width / 2 + [0, 0, height], normal, (0, 0, 1), width, SPOT.gripper)
    offset = (rng.uniform(-DEPTH_M, DEPTH_M), 0.0, rng.uniform(-LATERAL_M, LATERAL_M))
    return pose @ Pose.from_rpy(rng.uniform(-1, 1, 3) * TURN_RAD, offset)


def compare(folder: Path, grasps: int, seed: int) -> dict[str, Any]:
    """How often each gripper lifts, and the shares of grasps in which both lift and hold alike.

    folder: the reference's hulls. grasps: how many to try. ConfigError if a hull is missing.
    """
    reference, rng = reference_parts(folder), np.random.default_rng(seed)
    init_genesis()
    outcomes: list[NDArray[np.bool_]] = []
    while sum(part.shape[1] for part in outcomes) < grasps:
        count = min(GRASPS_PER_OBJECT, grasps - sum(part.shape[1] for part in outcomes))
        item = sample_object(rng)
        poses = [sample_grasp(item, rng) for _ in range(count)]
        ours, theirs = (run_trials(item, poses, batch=count, parts=parts) for parts in (PIECES, reference))
        outcomes.append(np.stack([ours.lifted, theirs.lifted, ours.held, theirs.held]))
    ours_lifted, ref_lifted, ours_held, ref_held = np.concatenate(outcomes, axis=1)
    return {
        "grasps": grasps,
        "lifted_agreement": round(float((ours_lifted == ref_lifted).mean()), 4),
        "held_agreement": round(float((ours_held == ref_held).mean()), 4),
        "lifted_both": int((ours_lifted & ref_lifted).sum()),
        "lifted_ours_only": int((ours_lifted & ~ref_lifted).sum()),
        "lifted_reference_only": int((~ours_lifted & ref_lifted).sum()),
        "lifted_neither": int((~ours_lifted & ~ref_lifted).sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--grasps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.grasps < 1:
        raise ConfigError(f"--grasps {args.grasps} must be at least 1")
    report = compare(args.reference, args.grasps, args.seed)
    sys.stdout.write(json_text(report, indent=1) + "\n")
