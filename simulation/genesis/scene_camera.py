"""Clean pictures of a scene without a robot, for data sets and evaluations."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, looking_along
from perception.types import Intrinsics
from simulation.genesis.physics import new_scene
from simulation.genesis.plant import link_pose
from simulation.scene.build import SceneSample, add_to_scene, vis_options
from simulation.scene.placing import Placed

NEAR_M, FAR_M = 0.02, 20.0
OVERVIEW = Intrinsics(1280, 960, 1100.0, 1100.0, 640.0, 480.0)
DOWN_RAD, TURN_RAD = 0.6, 0.5
"""How steeply an overview looks down, and how far from behind the robot it is turned to the side."""
SETTLE_STEPS = 40
"""0.2 s, in which objects placed a millimetre above their support come to rest."""
OPENGL_FROM_OPTICAL = np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Picture:
    """rgb: (H, W, 3) uint8. depth: (H, W) float32 metres along the optical axis, FAR_M for no surface. instances: (H,
    W) uint8, 0 for no object, k for object k-1 of the scene.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    instances: NDArray[np.uint8]


class SceneCamera:
    """A built and settled scene with one movable camera. Genesis must have been started. Use it as a context manager.

    sample: the scene. camera: its intrinsics; the renderer needs square pixels and a centred principal point
    (ValueError). placed: the objects at the start, the target first. world_from_object: their poses now.
    """

    def __init__(self, sample: SceneSample, camera: Intrinsics) -> None:
        if camera.fx != camera.fy or (camera.cx, camera.cy) != (camera.width / 2, camera.height / 2):
            raise ValueError(f"the renderer needs square pixels and a centred principal point, not {camera}")

        self._scene = new_scene(vis_options=vis_options(sample, segmentation_level="entity"))
        with tempfile.TemporaryDirectory() as folder:
            entities = add_to_scene(self._scene, sample, Path(folder))
            fov = float(np.degrees(2 * np.arctan(camera.height / 2 / camera.fy)))
            size = (camera.width, camera.height)
            self._camera = self._scene.add_camera(res=size, fov=fov, near=NEAR_M, far=FAR_M, GUI=False)
            self._add_more(Path(folder))
            self._scene.build()
        for _ in range(SETTLE_STEPS):
            self._scene.step()
        number = {
            key if isinstance(key, int) else key[0]: value for value, key in self._scene.segmentation_idx_dict.items()
        }
        self._numbers = [number[entity.idx] for _, entity in entities.objects]
        self.placed: tuple[Placed, ...] = tuple(item for item, _ in entities.objects)
        self._entities = tuple(entity for _, entity in entities.objects)

    @property
    def world_from_object(self) -> tuple[Pose, ...]:
        return tuple(link_pose(entity.base_link) for entity in self._entities)

    def _add_more(self, folder: Path) -> None:
        """Add more entities before the scene is built; a subclass may override it. folder: for their files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._scene.destroy()

    def take(self, world_from_camera: Pose) -> Picture:
        """The picture from a world_from_camera pose (optical axes: x right, y down, z forward)."""
        self._camera.set_pose(transform=world_from_camera.matrix() @ OPENGL_FROM_OPTICAL)
        rgb, depth, segments, _ = self._camera.render(rgb=True, depth=True, segmentation=True)
        instances = np.zeros(depth.shape, np.uint8)
        for index, number in enumerate(self._numbers):
            instances[segments == number] = index + 1
        return Picture(np.ascontiguousarray(rgb[..., :3], np.uint8), np.asarray(depth, np.float32), instances)


def photograph_scene(sample: SceneSample) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a whole scene from behind the robot's start, above and to its right. Starts Genesis."""
    from simulation.genesis.physics import init_genesis

    x, y, yaw = sample.robot_xy_yaw
    boxes = [*sample.supports[:1], *([sample.place] if sample.place else [])]
    points = [(x, y, 0.0), *(box.center_m for box in boxes)]
    points += [tuple(sample.target.world_from_object.position_m)] if sample.target else []
    points += [sample.person.hand_m] if sample.person else []
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    middle, wide_m = (low + high) / 2, float(np.linalg.norm(high - low)) / 2 + 0.6
    heading = yaw + TURN_RAD
    along = np.array([np.cos(heading), np.sin(heading), -np.tan(DOWN_RAD)])
    along /= np.linalg.norm(along)
    away_m = wide_m * OVERVIEW.fy / (OVERVIEW.height / 2)
    init_genesis()
    with SceneCamera(sample, OVERVIEW) as camera:
        return camera.take(looking_along(middle - away_m * along, along)).rgb
