"""Pictures for the evaluation of grasps: test objects as the robot sees them, with the sensor's faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.types import Detection, RgbdFrame
from simulation.genesis.scene_camera import Picture, SceneCamera
from simulation.scene.build import SceneSample
from simulation.scene.objects import GraspObject
from training.dataset.catalogue import Entry
from training.dataset.labels.project import read_arrays
from training.dataset.scenes import scene_of_one
from training.dataset.viewpoints import PRESETS, camera_pose
from training.dataset.views import FAR_M, photograph
from training.evaluation.methods.interface import Look, Truth
from training.evaluation.placements import Placement
from training.heatmap.build_arrays import MIN_MASK_PX, detection_of, noisy_depth

EVALUATION_SEEDS = 4_000_000
VIEWS_PER_SCENE = 10
MOST_LOOKS = 40
"""Per picture: a view that shows too little of the object is drawn again."""


@dataclass(frozen=True, eq=False)
class Case:
    """One picture to choose a grasp in.

    detection: the rendered mask, its edge wrong by up to 2 px. mask: (H, W) the true mask. truth: for the oracle and
    for measuring errors.
    """

    frame: RgbdFrame
    detection: Detection
    mask: NDArray[np.bool_]
    truth: Truth

    def look(self, detection: Detection) -> Look:
        """What a method sees of it with this detection."""
        return Look(self.frame, (detection,), truths=(self.truth,))


def cases(entry: Entry | Placement, count: int, seed: int, known: Truth) -> list[Case]:
    """`count` pictures of an object that stands alone. Genesis must have been started.

    known: the grasps that the oracle may take, of `known_grasps` or nothing.
    """
    item = entry.make()
    pictures: list[Case] = []
    for scene in range(-(-count // VIEWS_PER_SCENE)):
        rng = np.random.default_rng([seed, entry.seed, len(entry.family), scene, 9])
        sample = scene_of_one(item, EVALUATION_SEEDS + seed * 1000 + scene)
        with SceneCamera(sample, SPOT.hand_camera) as camera:
            for _ in range(min(VIEWS_PER_SCENE, count - len(pictures))):
                pictures.append(_case(camera, sample, item, known, rng))
    return pictures


def _case(camera: SceneCamera, sample: SceneSample, item: GraspObject, known: Truth, rng: np.random.Generator) -> Case:
    for _ in range(MOST_LOOKS):
        world_from_camera = camera_pose(rng, PRESETS["near"], sample)
        picture = camera.take(world_from_camera)
        mask = picture.instances == 1
        if is_fully_visible(mask):
            break
    frame, clean = noisy_frame(picture, world_from_camera, rng)
    truth = replace(known, world_from_object=camera.world_from_object[0], clean_depth=clean)
    return Case(frame, detection_of(mask, rng, item.label), mask, truth)


def is_fully_visible(mask: NDArray[np.bool_]) -> bool:
    """Whether a mask is large enough and not cut by the picture's border."""
    edge = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return bool(mask.sum() >= MIN_MASK_PX and not edge)


def noisy_frame(
    picture: Picture, world_from_camera: Pose, rng: np.random.Generator
) -> tuple[RgbdFrame, NDArray[np.float32]]:
    """(the frame as the robot would get it, the clean depth (H, W) metres)."""
    clean = np.where(picture.depth < FAR_M, picture.depth, np.float32(0.0)).astype(np.float32)
    depth = noisy_depth(clean, SPOT.hand_camera, rng)
    return RgbdFrame(photograph(picture.rgb, rng), depth, SPOT.hand_camera, world_from_camera, 0.0), clean


NOWHERE, NO_DEPTH = Pose(np.eye(3), np.zeros(3)), np.zeros((1, 1), np.float32)
NOTHING_KNOWN = Truth((), np.zeros((0, 3)), np.zeros((0, 3)), NOWHERE, NO_DEPTH)


def known_grasps(entry: Entry | Placement, labels: Path) -> Truth:
    """The grasps of an object that a folder of label files knows to succeed; none if it has no file."""
    path = labels / f"{entry.name}.npz"
    if not path.is_file():
        return NOTHING_KNOWN
    data = read_arrays(path, ("points", "normals", "poses", "lifted", "held", "collided_support"))
    good = data["lifted"] & data["held"] & ~data["collided_support"]
    poses = tuple(Pose.from_matrix(matrix) for matrix in data["poses"][good])
    return Truth(poses, data["points"][good], data["normals"][good], NOWHERE, NO_DEPTH)
