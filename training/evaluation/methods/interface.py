"""What a method gets to see, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.hand.family import beside
from perception.types import Detection, RgbdFrame


@dataclass(frozen=True, eq=False)
class Truth:
    """What only the oracle may see.

    poses: N object_from_hand that are known to lift and hold. points, normals: (N, 3) surface points and normals that
    they grip at, object frame. clean_depth: (H, W) metres. in_family: object_from_hand on the way in, and the opening
    of the jaws, of a grasp of the family that holds; then the others are none.
    """

    poses: tuple[Pose, ...]
    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    world_from_object: Pose
    clean_depth: NDArray[np.float32]
    in_family: tuple[Pose, float] | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """One picture to choose a grasp in.

    detections: the masks of objects, for methods that need them. workspace_m: (2, 3) lowest and highest corner of the
    room the objects are in, world frame, where it is known; else the objects are where the masks are. truths: one a
    detection, for the oracle. tried: world_from_hand of the grasps that failed in this scene.
    """

    frame: RgbdFrame
    detections: tuple[Detection, ...]
    workspace_m: NDArray[np.float64] | None = None
    truths: tuple[Truth, ...] = ()
    tried: tuple[Pose, ...] = ()


@dataclass(frozen=True, eq=False)
class Proposal:
    """A grasp. opening: of the jaws before they close, 0 to 1. aside: the pose leaves the gripper's clearance between
    the fixed jaw and the object, so the hand moves aside before the jaws close. score: what the method ranks by.
    detection: which mask it is on, -1 if the method uses none. pixel_uv, depth_m, normal_world (3,): of the chosen
    point, where there is one.
    """

    world_from_hand: Pose
    score: float
    opening: float = 1.0
    aside: bool = True
    detection: int = -1
    pixel_uv: tuple[int, int] | None = None
    depth_m: float = 0.0
    normal_world: NDArray[np.float64] | None = None

    @property
    def closing(self) -> Pose:
        """world_from_hand where the jaws close."""
        return beside(self.world_from_hand, SPOT.gripper) if self.aside else self.world_from_hand


@dataclass(frozen=True, eq=False)
class Proposals:
    """Grasps, the best first, or the reason why there is none. seconds: a stage."""

    grasps: tuple[Proposal, ...]
    reason: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


Method = Callable[[Look, np.random.Generator], Proposals]
