"""Contact-GraspNet: a network that says for each point of the cloud how a Panda hand would grip with one finger there.

Its grasps are carried over to Spot's gripper by `cloud.poses_between`: approach, jaw axis and both contacts. Those
whose contact lies on the support are left out, as the network's authors do with a segmentation. The best whose open
gripper is free come first.
"""

from __future__ import annotations

import time

import numpy as np

from training.evaluation.methods.cloud import foreground, is_free, poses_between
from training.evaluation.methods.interface import Look, Proposal, Proposals
from training.evaluation.methods.on_masks import best_first
from training.evaluation.methods.pointnet import PointNet, installed_weights

POINTS = 20000
LEAST_CHANCE = 0.1
TESTED, ENOUGH = 80, 5
MARGIN_M = 0.1
"""Of the support about the objects that the network is shown."""


class ContactGraspNet:
    """ConfigError if its weights are not installed."""

    def __init__(self) -> None:
        self._network = PointNet(installed_weights())

    def __call__(self, look: Look, rng: np.random.Generator) -> Proposals:
        started = time.perf_counter()
        seen = foreground(look)
        if seen is None:
            return Proposals((), "nothing on the table", {"network": time.perf_counter() - started})
        low, high = seen.points.min(axis=0) - MARGIN_M, seen.points.max(axis=0) + MARGIN_M
        v, u = np.nonzero(seen.depth > 0)
        cloud = look.frame.world_from_camera.transform(look.frame.intrinsics.back_project(u, v, seen.depth[v, u]))
        cloud = cloud[((cloud > low) & (cloud < high)).all(axis=1)]
        cloud = cloud[rng.permutation(len(cloud))[:POINTS]]
        middle = cloud.mean(axis=0)
        contacts, chance, across, approach, width = self._network((cloud - middle).astype(np.float32))
        contacts = contacts + middle
        between = time.perf_counter()
        good = (chance > LEAST_CHANCE) & (contacts[:, 2] > seen.support_z_m + 0.01) & (width > 0.002)
        order = np.flatnonzero(good)[np.argsort(-chance[good], kind="stable")]
        points = seen.sample(rng)
        grasps: list[Proposal] = []
        for index in order[:TESTED].tolist():
            other = contacts[index] + width[index] * across[index]
            poses = poses_between(contacts[index], other, approach[index])
            free = [pose for pose in poses if is_free(pose, points, seen.support_z_m)]
            grasps += [Proposal(pose, float(chance[index])) for pose in free[:1]]
            if len(grasps) == ENOUGH:
                break
        seconds = {"network": between - started, "collisions": time.perf_counter() - between}
        return best_first(grasps, f"no free grasp among {min(len(order), TESTED)}", seconds)
