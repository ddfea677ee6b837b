"""Antipodal sampling on a depth picture, after Dex-Net 2.0: two opposite edges of the same thing, seen by the camera.

Pairs of edge pixels are contacts if the line between them lies in both friction cones. A grasp counts more the better
its contacts oppose each other, and the nearer it is to the middle of what is there. The hand comes along the line of
sight, straight down, or between the two: the first way whose open gripper is free of all points and of the support.
"""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import unit
from training.evaluation.methods.cloud import Foreground, foreground, is_free, poses_between
from training.evaluation.methods.interface import Look, Proposal, Proposals
from training.evaluation.methods.on_masks import best_first

FRICTION_RAD = float(np.arctan(0.6))
WIDTH_M = (0.008, 0.095)
EDGES = 500
"""Edge pixels that are drawn."""
STEP_M = 0.012
"""A neighbour that is this much further away makes a pixel an edge."""
CHECKED, ENOUGH = 80, 5
"""Candidates whose gripper is tested, the best first, and how many free ones are enough."""
AROUND_M = 0.06
DOWN = np.array([0.0, 0.0, -1.0])
MOST_ALONG = 0.8
"""Cosine between an approach and the line of the contacts, across which the hand has to come."""


def antipodal(look: Look, rng: np.random.Generator) -> Proposals:
    """The best free grasps of one sample of edges."""
    started = time.perf_counter()
    seen = foreground(look)
    if seen is None:
        return Proposals((), "nothing on the table", {"sampling": time.perf_counter() - started})
    candidates = _pairs(look, seen, rng)
    between = time.perf_counter()
    cloud = seen.sample(rng)
    eye = look.frame.world_from_camera.position_m
    grasps: list[Proposal] = []
    for score, first, second in candidates[:CHECKED]:
        sight = unit((first + second) / 2 - eye)
        line = unit(second - first)
        ways = [way for way in (sight, DOWN, unit(sight + DOWN)) if abs(float(way @ line)) < MOST_ALONG]
        poses = (pose for way in ways for pose in poses_between(first, second, way))
        pose = next((pose for pose in poses if is_free(pose, cloud, seen.support_z_m)), None)
        grasps += [] if pose is None else [Proposal(pose, score)]
        if len(grasps) == ENOUGH:
            break
    seconds = {"sampling": between - started, "collisions": time.perf_counter() - between}
    return best_first(grasps, f"no free grasp among {min(len(candidates), CHECKED)}", seconds)


def _pairs(look: Look, seen: Foreground, rng: np.random.Generator) -> list[tuple[float, Any, Any]]:
    """(score, contact, contact) of the pairs of edge pixels that oppose each other, the best first."""
    far = np.where(seen.mask, seen.depth, np.float32(10.0))
    nearest_behind = cv2.dilate(far, np.ones((3, 3), np.uint8))
    v, u = np.nonzero(seen.mask & (nearest_behind - far > STEP_M))
    chosen = rng.permutation(len(u))[:EDGES]
    v, u = v[chosen], u[chosen]
    outward = _outward(seen.mask, far)[v, u]
    depth = seen.depth[v, u].astype(np.float64)
    points = look.frame.intrinsics.back_project(u, v, depth)
    apart = points[None] - points[:, None]
    length = np.linalg.norm(apart, axis=2)
    line = np.stack([u[None] - u[:, None], v[None] - v[:, None]], axis=2).astype(np.float64)
    line /= np.maximum(np.linalg.norm(line, axis=2, keepdims=True), 1e-9)
    first = -np.einsum("ijk,ik->ij", line, outward)
    second = np.einsum("ijk,jk->ij", line, outward)
    opposed = np.minimum(first, second)
    good = (opposed > np.cos(FRICTION_RAD)) & (length > WIDTH_M[0]) & (length < WIDTH_M[1])
    i, j = np.nonzero(np.triu(good, 1))
    middle_u, middle_v = (u[i] + u[j]) // 2, (v[i] + v[j]) // 2
    between = seen.mask[middle_v, middle_u] & (seen.depth[middle_v, middle_u] < np.maximum(depth[i], depth[j]) + STEP_M)
    i, j = i[between], j[between]
    world = look.frame.world_from_camera.transform(points)
    middles = (world[i] + world[j]) / 2
    scores = opposed[i, j] - _off_middle(middles, seen.points) / AROUND_M
    order = np.argsort(-scores, kind="stable")
    return [(float(scores[k]), world[i[k]], world[j[k]]) for k in order[: 4 * CHECKED]]


def _outward(mask: NDArray[np.bool_], far: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W, 2) direction in the picture in which the depth grows."""
    smooth = cv2.GaussianBlur(np.minimum(far, far[mask].max() + 0.1), (0, 0), 2.0)
    gradient = np.stack([cv2.Sobel(smooth, cv2.CV_64F, 1, 0), cv2.Sobel(smooth, cv2.CV_64F, 0, 1)], axis=2)
    return np.asarray(gradient / np.maximum(np.linalg.norm(gradient, axis=2, keepdims=True), 1e-9))


def _off_middle(middles: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) how far each middle is from the mean of the points about it, metres."""
    thin = points[:: max(1, len(points) // 1500)]
    near = np.linalg.norm(middles[:, None] - thin[None], axis=2) < AROUND_M
    means = (near @ thin) / np.maximum(near.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.linalg.norm(middles - means, axis=1))
