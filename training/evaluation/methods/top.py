"""Straight down on the highest point, the simplest thing that one may try."""

from __future__ import annotations

import time

import cv2
import numpy as np

from perception.geometry import Pose
from training.evaluation.methods.cloud import TIPS_X_M, foreground, poses_between
from training.evaluation.methods.interface import Look, Proposal, Proposals

HIGHEST, LEVEL_M = 0.998, 0.008
"""The top is what lies within LEVEL_M of this quantile of the heights and hangs together with it in the picture."""
AROUND_M, BELOW_M = 0.045, 0.03
"""What is gripped: the points this near to the top's middle in the plane, and this far below it."""
REACH_X_M, MARGIN_M = 0.052, 0.006
"""The moving jaw passes this far before the hand's origin while it closes; free height to keep above the support."""


def top_down(look: Look, rng: np.random.Generator) -> Proposals:
    """Straight down on the highest point, the jaws across the narrow side of what is there. Nothing is checked."""
    started = time.perf_counter()
    seen = foreground(look)
    if seen is None:
        return Proposals((), "nothing on the table", {"pose": time.perf_counter() - started})
    heights = seen.points[:, 2]
    height = float(np.quantile(heights, HIGHEST))
    level = np.zeros(seen.mask.shape, np.uint8)
    level[seen.mask] = heights > height - LEVEL_M
    parts = cv2.connectedComponents(level)[1][seen.mask]
    part = parts[np.argmin(np.abs(heights - height))]
    top = np.array([*np.median(seen.points[parts == part][:, :2], axis=0), height])
    close = (np.linalg.norm(seen.points[:, :2] - top[:2], axis=1) < AROUND_M) & (heights > top[2] - BELOW_M)
    cloud = seen.points[close][:, :2]
    middle = (np.quantile(cloud, 0.02, axis=0) + np.quantile(cloud, 0.98, axis=0)) / 2
    _, axes = np.linalg.eigh(np.cov(cloud.T) if len(cloud) > 2 else np.eye(2))
    half = np.array([*axes[:, 0], 0.0]) * np.ptp(cloud @ axes[:, 0]) / 2
    contact_z = max(top[2] - BELOW_M / 2, seen.support_z_m + REACH_X_M + MARGIN_M - TIPS_X_M)
    centre = np.array([*middle, contact_z])
    pose: Pose = poses_between(centre - half, centre + half, np.array([0.0, 0.0, -1.0]))[0]
    return Proposals((Proposal(pose, float(top[2])),), seconds={"pose": time.perf_counter() - started})
