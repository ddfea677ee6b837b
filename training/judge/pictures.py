"""Random pictures of an object as it lies, and the grasps that a run would propose there, before any is preferred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.geometry import Pose
from perception.grasping.grasp import compute_grasp
from perception.grasping.judge_input import judge_input
from perception.grasping.propose import ranked_grasps
from perception.grasping.settings import GraspSettings, ProposalSettings
from perception.grasping.surroundings import Surroundings, clearances, surroundings
from perception.hand.family import WAYS
from perception.hand.rooms import GripperRooms, rooms_of
from perception.networks.protocols import HeatmapModel
from perception.types import Grasp, Rejection, RgbdFrame, WayMaps
from perception.view import View
from simulation.genesis.scene_camera import Picture
from training.dataset.picks import SOURCES
from training.dataset.viewpoints import camera_pose
from training.dataset.views import FAR_M, photograph
from training.dataset.ways.raster import photograph_scene
from training.dataset.ways.scenes import LOOKS, Lying, way_scene
from training.heatmap.build_arrays import detection_of, noisy_depth

GRASPING: Final = GraspSettings()
PROPOSAL: Final = ProposalSettings()
MIN_MASK_PX: Final = 300
"""Smallest mask of an object that is gripped at."""
SMOOTH: Final = 0.3
"""Chance of a registered camera, with noise that is smooth over some pixels, in the place of Spot's."""
SMOOTH_M, SMOOTH_PX = (0.0025, 0.005), (2.0, 3.0)
"""Deviation of that noise, and the pixels over which it is smooth."""
EACH: Final = 11
"""Grasps of a picture that the maps propose, and as many that geometry proposes."""
SHUFFLED: Final = 0.5
"""Chance of a batch of proposals to come in any order, so that worse ones are tried, too."""
LEFT_OUT: Final = 0.3
"""Share of the proposals that are passed over, so that the tried ones reach further down."""


@dataclass(frozen=True, eq=False)
class Proposals:
    """Grasps of one picture that can be done, K of them. source: (K,) numbers in SOURCES. opened: (K,) of OPENINGS_RAD.
    inputs: (K, 10, 24, 24) of the judge."""

    grasps: list[Grasp]
    source: list[int]
    opened: NDArray[np.intp]
    inputs: NDArray[np.float32]


def pictures(
    lying: Lying, others: Sequence[Lying], views: int, rng: np.random.Generator
) -> Iterator[tuple[View, Pose]]:
    """Pictures of a random scene about an object, with world_from_lying of it, as it lies on z = 0; those that show too
    little of it are left out. others: what may lie beside it. views: pictures that are taken."""
    sample, _ = way_scene(lying, others, int(rng.integers(2**30)))
    assert sample.target is not None
    for _ in range(views):
        pose = camera_pose(rng, LOOKS, sample)
        picture = photograph_scene(sample, SPOT.hand_camera, pose)
        mask = picture.instances == 1
        if mask.sum() >= MIN_MASK_PX:
            view = View(_frame(picture, pose, rng), detection_of(mask, rng))
            if view.repaired.layer is not None:
                yield view, sample.target.world_from_object


def proposals(view: View, networks: HeatmapModel, rng: np.random.Generator) -> Proposals | None:
    """What a run would propose in a picture, by each of SOURCES; None where nothing can be done.

    networks: the heatmap's and that of the ways. ValueError if it has no maps of the ways.
    """
    around, heatmap = surroundings(view, PROPOSAL.clearance), networks.predict(view)
    if heatmap.ways is None:
        raise ValueError("picks need a network of the ways")
    if isinstance(around, Rejection):
        return None
    maps, rooms = replace(heatmap.ways, judge=None), rooms_of(SPOT.gripper, GRASPING.standoff_m)
    side = compute_grasp(view, heatmap, gripper=SPOT.gripper, reach=None, settings=GRASPING)
    found = {
        "heatmap": [] if isinstance(side, Rejection) else [side],
        "maps": list(islice(_possible(around, maps, rooms, rng), EACH)),
        "shape": list(islice(_possible(around, None, rooms, rng), EACH)),
    }
    source = [number for number, name in enumerate(SOURCES) for _ in found[name]]
    grasps = [grasp for name in SOURCES for grasp in found[name]]
    if not grasps:
        return None
    poses, widths = [grasp.world_from_hand for grasp in grasps], [grasp.width_m for grasp in grasps]
    checked = clearances(around, poses, widths, rooms, PROPOSAL.clearance)
    return Proposals(grasps, source, checked.opened, judge_input(around, grasps, checked, maps, SPOT.gripper))


def _possible(
    around: Surroundings, maps: WayMaps | None, rooms: GripperRooms, rng: np.random.Generator
) -> Iterator[Grasp]:
    """Grasps by the maps, or by geometry without, that nothing seen is in the way of; about the best first."""
    for batch in ranked_grasps(around, WAYS, SPOT.gripper, SPOT_TIPS, PROPOSAL, maps):
        poses, widths = [grasp.world_from_hand for grasp in batch], [grasp.width_m for grasp in batch]
        problems = clearances(around, poses, widths, rooms, PROPOSAL.clearance).problems
        order = rng.permutation(len(batch)) if rng.random() < SHUFFLED else np.arange(len(batch))
        for index in order.tolist():
            if not problems[index] and rng.random() >= LEFT_OUT:
                yield batch[index]


def _frame(picture: Picture, world_from_camera: Pose, rng: np.random.Generator) -> RgbdFrame:
    """A picture as a camera takes it, with the faults of its depth."""
    clean = np.where(picture.depth < FAR_M, picture.depth, np.float32(0.0)).astype(np.float32)
    registered = bool(rng.random() < SMOOTH)
    depth = _smoothly_noisy(clean, rng) if registered else noisy_depth(clean, SPOT.hand_camera, rng)
    rgb = photograph(picture.rgb, rng)
    return RgbdFrame(rgb, depth, SPOT.hand_camera, world_from_camera, 0.0, registered=registered)


def _smoothly_noisy(clean: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W) metres of clean depth, 0 = no return, with noise that is smooth over some pixels."""
    noise = gaussian_filter(rng.normal(size=clean.shape), rng.uniform(*SMOOTH_PX))
    noise *= rng.uniform(*SMOOTH_M) / noise.std()
    return np.where(clean > 0, np.maximum(clean + noise, 0.0), 0.0).astype(np.float32)
