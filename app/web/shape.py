"""A robot's shape for the 3D view of a page, from the numbers that its model has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from behaviours.model import RobotModel

LINKS_M: Final = (0.3385, 0.4102)
"""Upper arm and forearm of a Spot, shoulder to elbow and elbow to wrist. A page draws the arm with them: joint angles
are not part of the robot protocol."""
WRIST_M: Final = 0.19557
"""The hand's origin before the wrist."""


def shape(model: RobotModel) -> dict[str, Any]:
    """Plain values: `height` of the body, `shoulder` in the body frame, `links` and `wrist` of the arm; the jaws as
    triangles (9 numbers each, metres): `fixed` in the hand frame, `moving` in that of the `hinge`, which turns by up to
    `open` radians about -y; and the `camera`: pose in the hand frame, width, height and focal length in pixels."""
    hulls = model.gripper.hulls
    pose, camera = model.hand_from_camera, model.hand_camera
    jaws = {} if hulls is None else {
        "fixed": [number for part in hulls.fixed for number in _triangles(part)],
        "moving": [number for part in hulls.moving for number in _triangles(part)],
        "hinge": [round(float(value), 4) for value in hulls.hinge_m],
        "open": hulls.open_rad,
    }  # fmt: skip
    return {
        "height": model.body_height_m,
        "shoulder": [float(value) for value in model.arm.shoulder_m],
        "links": LINKS_M,
        "wrist": WRIST_M,
        "camera": [*map(float, (*pose.rotation.ravel(), *pose.position_m)), camera.width, camera.height, camera.fx],
        **jaws,
    }


def _triangles(corners_m: NDArray[np.float64]) -> list[float]:
    """The faces of a convex part, turned outwards, as corners in a row."""
    import numpy as np
    from scipy.spatial import ConvexHull

    hull = ConvexHull(corners_m)
    middle = corners_m.mean(axis=0)
    numbers: list[float] = []
    for face in hull.simplices:
        a, b, c = corners_m[face]
        if np.dot(np.cross(b - a, c - a), a - middle) < 0:
            b, c = c, b
        numbers += [round(float(value), 4) for corner in (a, b, c) for value in corner]
    return numbers
