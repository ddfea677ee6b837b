"""How a body can lie on a level floor: the sides of its hull that it does not tip over from."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, unit
from perception.hand.hand_pose import hand_rotation

SAME_RAD: Final = float(np.radians(20.0))
"""Sides of the hull that face so near the same way, as those around a can, are one way to lie."""
SAME_M: Final = 0.004
"""Two ways to lie are as high as each other within this."""
STANDS_RAD: Final = float(np.radians(3.0))
"""An object whose z axis is so near to the vertical stands as it was made."""


def resting_poses(
    vertices_m: NDArray[np.float64], count: int, seed: int, *, standing_first: bool = False
) -> list[tuple[Pose, float]]:
    """(world_from_object, share) of at most `count` ways to lie on z = 0, the likeliest first; those in which it is as
    high as in an earlier one, as a bottle that has rolled on, come last.

    vertices_m: (N, 3), object frame. The share is how often a body that is dropped at random comes to lie about so,
    with its mass spread evenly over the hull. Its yaw is random. standing_first: the way in which the object's z axis
    points up comes before all others, if it rests so; people put mugs down so, chance seldom does. ValueError if the
    body has no volume.
    """
    import trimesh

    hull = trimesh.convex.convex_hull(vertices_m)
    matrices, shares = trimesh.poses.compute_stable_poses(hull, center_mass=hull.center_mass, sigma=0.0, n_samples=1)
    downs = np.array([-matrix[2, :3] for matrix in matrices])
    ways: list[tuple[NDArray[np.float64], float]] = []
    for index in np.argsort(-shares, kind="stable"):
        for place, (down, share) in enumerate(ways):
            if down @ downs[index] > np.cos(SAME_RAD):
                ways[place] = (down, share + float(shares[index]))
                break
        else:
            ways.append((downs[index], float(shares[index])))
    ways.sort(key=lambda way: -way[1])
    heights = [float(np.ptp(hull.vertices @ down)) for down, _ in ways]
    again = [any(abs(height - earlier) < SAME_M for earlier in heights[:i]) for i, height in enumerate(heights)]
    stands = [standing_first and down[2] < -np.cos(STANDS_RAD) for down, _ in ways]
    rng = np.random.default_rng(seed)
    poses = []
    for index in sorted(range(len(ways)), key=lambda i: (not stands[i], again[i]))[:count]:
        down, share = ways[index]
        yaw = Pose.from_rpy((0.0, 0.0, rng.uniform(-np.pi, np.pi))).rotation
        rotation = yaw @ _downwards(down)
        low = float((hull.vertices @ rotation[2]).min())
        poses.append((Pose(rotation, np.array([0.0, 0.0, -low])), share))
    return poses


def _downwards(down: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) world_from_object that turns this direction of the object straight down."""
    frame = hand_rotation(-unit(down), (0.0, 0.0, 1.0))
    return np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]).T @ frame.T
