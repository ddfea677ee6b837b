"""Grasps of the family all over an object as it lies, and what geometry says of them before physics is asked.

A candidate is a surface sample, a way, a random heading and a random half-turn, so that directions are spread without
steps. Its span is the true one along the jaw axis, hidden side and all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.geometry import Pose
from perception.hand.clearance import SweptRoom
from perception.hand.family import WAYS, Way, applies, beside, hand_pose_of, narrowest, rotation_of
from perception.hand.rooms import rooms_of
from simulation.trials.free_gripper import PRE_GRASP_M

Array = NDArray[np.float64]

KINDS: Final[tuple[Way, ...]] = tuple(way for way in WAYS if way.roll_rad == 0.0)
"""The ways but for their roll, which the random heading brings."""
SLAB_M: Final = {"wrap": (-0.005, 0.060), "tips": (-0.005, 0.028)}
"""Part of the object, along the approach from the surface point, that comes between the jaws."""
ABOUT_M: Final = 0.13
"""What is further from the surface point cannot come between the jaws."""
BREADTH_M: Final = 0.02
"""Half the breadth of the jaws there."""
GAP_M: Final = 0.030
"""Free room in which a jaw finds place; parts of the object that are nearer to each other are gripped as one."""
GRAZES_M: Final = 0.002
"""Half a cell's diagonal of the grid: what is deeper in the way for sure."""
FREE_OF_SUPPORT_M: Final = 0.002
TURNS_RAD: Final = tuple(float(np.radians(2.5 * step * sign)) for step in range(1, 10) for sign in (-1, 1))
"""By which a hand is turned to where the object is narrowest. The shape is known, so that they are finer than a run's;
4 degrees askew a lying bottle is held half as often."""
SIDEWAYS: Final = 0.2
"""Surfaces whose normal has so long a level part have a direction straight across them, as rims do."""
HALF_TURN: Final = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Candidate:
    """A grasp that geometry does not rule out: world_from_hand before `beside`, its span (2,) along the jaw axis from
    the surface sample, the jaws' angle before they close, and how far the object stays off the way in, metres."""

    world_from_hand: Pose
    span_m: tuple[float, float]
    opened_rad: float
    clearance_m: float

    @property
    def closing(self) -> Pose:
        """Where the hand closes its jaws."""
        return beside(self.world_from_hand, SPOT.gripper)


@dataclass(frozen=True, eq=False)
class Asked:
    """A grasp that was asked for: numbers of its surface sample and of its way in KINDS, the jaw axis (3,) in
    the world that was asked for; and what is left of it, None if geometry rules it out."""

    sample: int
    kind: int
    axis: Array
    candidate: Candidate | None


def solid_points(parts: list[Array], count: int, seed: int) -> Array:
    """(about count, 3) points spread over the surfaces and through the insides of convex parts."""
    import trimesh

    rng = np.random.default_rng(seed)
    hulls = [trimesh.convex.convex_hull(part) for part in parts]
    area = sum(hull.area for hull in hulls)
    clouds = []
    for hull in hulls:
        shell = max(8, round(0.6 * count * hull.area / area))
        clouds.append(trimesh.sample.sample_surface(hull, shell, seed=int(rng.integers(2**31)))[0])
        low, high = np.asarray(hull.bounds, np.float64)
        room = rng.uniform(low, high, (max(8, round(0.8 * count / len(hulls))), 3))
        inside = (room @ hull.face_normals.T <= np.einsum("fd,fd->f", hull.face_normals, hull.triangles[:, 0])).all(
            axis=1
        )
        clouds += [room[inside], np.asarray(hull.vertices)]
    return np.concatenate(clouds)


def ask(points: Array, normals: Array, solid: Array, rng: np.random.Generator) -> list[Asked]:
    """One grasp a surface sample and kind of way that applies there, in a random heading, or as often straight across a
    surface that has a side: on rims hardly another one holds.

    points, normals, solid: (N, 3), (N, 3), (M, 3) in the world, where the object lies on z = 0.
    """
    found = []
    for sample, (point, normal) in enumerate(zip(points, normals, strict=True)):
        for kind, way in enumerate(KINDS):
            yaw, turned, across = rng.uniform(-np.pi, np.pi), rng.random() < 0.5, rng.random() < 0.5
            if across and float(np.hypot(normal[0], normal[1])) > SIDEWAYS:
                yaw = float(np.arctan2(normal[1], normal[0]))
            if applies(way, normal):
                rotation = rotation_of(way, normal, (np.cos(yaw), np.sin(yaw), 0.0))
                rotation = rotation @ HALF_TURN if turned else rotation
                made = candidate_at(way, point, rotation, solid)
                found.append(Asked(sample, kind, rotation[:, 2], made))
    return found


def candidate_at(way: Way, point: Array, rotation: Array, solid: Array) -> Candidate | None:
    """The grasp at a point with this rotation (3, 3) world_from_hand, turned to where the object is narrowest; None
    where geometry rules it out."""
    about = solid[np.linalg.norm(solid - point, axis=1) < ABOUT_M]
    rotation, span = narrowest(
        way, rotation, lambda turned: span_at(about, point, turned, SLAB_M[way.depth]), TURNS_RAD
    )
    width = span[1] - span[0]
    if width > SPOT.gripper.max_width_m:
        return None
    pose = hand_pose_of(way, point, rotation, span, 0.0, SPOT.gripper, SPOT_TIPS)
    if pose is None:
        return None
    rooms = rooms_of(SPOT.gripper, PRE_GRASP_M)
    jaw = rooms.jaws[rooms.index_for(width, SPOT_TIPS.spare_m)]
    room = jaw.coming
    if lowest_m(room, pose) + min(0.0, -PRE_GRASP_M * pose.rotation[2, 0]) < FREE_OF_SUPPORT_M:
        return None
    clearance = room.clearance_m((solid - pose.position_m) @ pose.rotation)
    return None if clearance < -GRAZES_M else Candidate(pose, span, jaw.opened_rad, min(clearance, 0.1))


def lowest_m(room: SweptRoom, world_from_hand: Pose) -> float:
    """Height of the lowest corner of a gripper in the world, where it stops."""
    return float((room.corners @ world_from_hand.rotation[2]).min() + world_from_hand.position_m[2])


def span_at(solid: Array, point: Array, rotation: Array, slab_m: tuple[float, float]) -> tuple[float, float]:
    """(low, high) metres along the jaw axis from a surface point: the extent of the part of the object at that place
    that comes between the jaws, up to the next gap in which a jaw finds place."""
    local = (solid - point) @ rotation
    near = (local[:, 0] > slab_m[0]) & (local[:, 0] < slab_m[1]) & (np.abs(local[:, 1]) < BREADTH_M)
    along = np.sort(np.append(local[near, 2], 0.0))
    gaps = np.flatnonzero(np.diff(along) > GAP_M)
    here = int(np.searchsorted(along, 0.0))
    before, after = gaps[gaps < here], gaps[gaps >= here]
    low = along[before[-1] + 1] if before.size else along[0]
    high = along[after[0]] if after.size else along[-1]
    return float(low), float(high)
