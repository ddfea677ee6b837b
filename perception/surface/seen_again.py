"""Whether two pictures of one place agree about where its surfaces are."""

from __future__ import annotations

import numpy as np

from perception.types import RgbdFrame


def seen_again(one: RgbdFrame, two: RgbdFrame) -> tuple[int, float]:
    """How many points of a frame lie where another has depth, and the share of them (0..1) where it is the same.

    The scene must not move in between. Depths are the same within 2 cm and 3 %.
    """
    v, u = (index[::7] for index in np.nonzero(one.depth))
    world = one.world_from_camera.transform(one.intrinsics.back_project(u, v, one.depth[v, u]))
    points = two.world_from_camera.inverse().transform(world)
    points = points[points[:, 2] > 0.05]
    u, v = np.rint(two.intrinsics.project(points)).astype(int).T
    inside = (u >= 0) & (v >= 0) & (u < two.intrinsics.width) & (v < two.intrinsics.height)
    depth, expected = two.depth[v[inside], u[inside]], points[inside, 2]
    expected, depth = expected[depth > 0], depth[depth > 0]
    if not depth.size:
        return 0, 0.0
    return depth.size, float((np.abs(depth - expected) < 0.02 + 0.03 * expected).mean())
