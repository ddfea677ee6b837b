"""What a record becomes before it is written in a format: a few kinds of values, each at a time of the robot's clock.

Lengths are metres. Rotations are quaternions (w, x, y, z).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perception.types import Intrinsics

Numbers = tuple[float, ...]
WORLD = "world"


@dataclass(frozen=True)
class Transform:
    """parent_from_child."""

    parent: str
    child: str
    position_m: Numbers
    quaternion_wxyz: Numbers


@dataclass(frozen=True)
class Camera:
    """A camera that has taken a picture. Its optical frame is called `frame`."""

    name: str
    frame: str
    intrinsics: Intrinsics


@dataclass(frozen=True)
class Picture:
    """A PNG file as it lies in the run folder.

    kind: colour (RGB), depth (uint16, millimetres), mask (uint8, 255 on the object), quality (uint16, 65535 = 1), or
    heatmap, the quality drawn over the picture.
    """

    camera: str
    frame: str
    kind: Literal["colour", "depth", "mask", "quality", "heatmap"]
    png: bytes = field(repr=False)

    def array(self) -> NDArray[Any]:
        """The picture as it was written: (H, W) or (H, W, 3) in RGB order. ValueError for a damaged file."""
        import cv2
        import numpy as np

        array = cv2.imdecode(np.frombuffer(self.png, np.uint8), cv2.IMREAD_UNCHANGED)
        if array is None:
            raise ValueError("a picture that is damaged")
        return np.ascontiguousarray(array[..., ::-1]) if array.ndim == 3 else array


@dataclass(frozen=True)
class Number:
    """One value of a plot, e.g. `gripper/opening`."""

    name: str
    value: float


@dataclass(frozen=True)
class Joints:
    """Angles in radians, by the joints' names."""

    angles_rad: Mapping[str, float]


@dataclass(frozen=True)
class Status:
    """The stored status of a node has changed. status: IDLE, RUNNING, SUCCESS or FAILURE."""

    path: str
    status: str


@dataclass(frozen=True)
class Words:
    """A line for people. level: debug, info, warning or error. source: the kind of line of the log."""

    level: str
    source: str
    text: str


@dataclass(frozen=True)
class Record:
    """A line of the log as it is, under the name of its kind: transition, blackboard, command, outcome, result."""

    kind: str
    line: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Box:
    """Something seen, a box of this size around the origin of a frame."""

    name: str
    frame: str
    size_m: Numbers


@dataclass(frozen=True, eq=False)
class Mesh:
    """A part of the robot that never changes. vertices_m: (N, 3) in the frame. triangles: (M, 3) indices, outwards.
    rgb: 0..1."""

    name: str
    frame: str
    vertices_m: NDArray[np.float64] = field(repr=False)
    triangles: NDArray[np.int64] = field(repr=False)
    rgb: Numbers = (0.5, 0.5, 0.5)


Item = Transform | Camera | Picture | Number | Joints | Status | Words | Record | Box | Mesh
