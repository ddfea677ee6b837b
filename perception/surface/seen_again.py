"""Whether two pictures of one place agree about where its surfaces are."""

from __future__ import annotations

import numpy as np

from perception.types import RgbdFrame


def seen_again(first: RgbdFrame, second: RgbdFrame) -> tuple[int, float]:
    """(points of the first frame that lie where the second has depth, the share 0..1 of them with the same depth).

    The scene must not move in between. Depths are the same within 2 cm plus 3 %.
    """
    v, u = (index[::7] for index in np.nonzero(first.depth))
    world = first.world_from_camera.transform(first.intrinsics.back_project(u, v, first.depth[v, u]))
    points = second.world_from_camera.inverse().transform(world)
    points = points[points[:, 2] > 0.05]
    u, v = np.rint(second.intrinsics.project(points)).astype(int).T
    inside = (u >= 0) & (v >= 0) & (u < second.intrinsics.width) & (v < second.intrinsics.height)
    depth, expected = second.depth[v[inside], u[inside]], points[inside, 2]
    expected, depth = expected[depth > 0], depth[depth > 0]
    if not depth.size:
        return 0, 0.0
    return depth.size, float((np.abs(depth - expected) < 0.02 + 0.03 * expected).mean())
