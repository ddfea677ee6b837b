"""From a heatmap to a hand pose: pixel, depth, Eq. 1-3, normal, Euler, quaternion, roll, and whether it can be done.

Candidates are the heatmap's best pixels well inside the mask. Each is lifted to a surface point with the near-surface
depth (not the mask's mean), gets a normal that noise does not throw about, a hand pose by the one rule of `hand_pose`,
and is checked: narrow enough for the jaws, clear of the support, within reach at the grasp and before it. The first
that passes is the answer.

How the normal is steadied (10 degrees of error at a shoulder make the hand miss): a plane fit over the object's near
layer gives it; on an upright object its heading is drawn to that of a round body with the mask's outline, since the
outline is sharp and the depth is not, and gives way to it where the two differ by more than 35 degrees, as they do on
polished steel; and an elevation below 12 degrees counts as level, fading out until 24 degrees, since the flank of an
upright object is far likelier than a 12-degree cone. Its window is longer along an upright object than across.

A box is no round body: where the depth, taken over all rows of the body, says clearly that it has upright faces
(`cross_section`), heading and width are those of the face that the pixel is on, and the hand closes about the middle of
that face, since jaws that close off the middle shove the box. Its narrow faces come first (`flat_width_m`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.grasp_limits import GraspSettings, Reach, problem_of
from perception.grasping.hand_pose import hand_pose
from perception.grasping.orientation import euler_to_normal, normal_to_euler, normal_to_quaternion
from perception.rejection import Rejection
from perception.surface.cross_section import Box, Face, find_box
from perception.surface.depth import ObjectDepth, depth_around, object_depth
from perception.surface.locate import ObjectLocation, locate_object
from perception.surface.normals import plane_fit_normals
from perception.surface.silhouette import Silhouette, bounds, extent_across, round_width_m, silhouette
from perception.types import Detection, Grasp, Heatmap, Intrinsics, RgbdFrame

__all__ = [
    "GraspSettings",
    "Rejection",
    "compute_grasp",
    "grasps_at",
    "inner_pixels",
    "normal_to_euler",
    "normal_to_quaternion",
]

Pixel = tuple[int, int, float]
"""u, v, quality."""
STEEP = float(np.sin(np.radians(45.0)))
"""Rise of a normal above which a pixel does not show an upright face."""
TALL, SAME_M = 5, 0.012
"""Times the usual window, and how near in level range: on 150 pictures of five training objects a tenth of the depths
were more than 7.3 mm off instead of 9.2."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all candidates of one frame share. depth, level: of the object's near surface only, moved under the mask."""

    frame: RgbdFrame
    mask: NDArray[np.bool_]
    depth: NDArray[np.float32]
    level: NDArray[np.float32]
    shape: Silhouette
    location: ObjectLocation
    window: tuple[slice, slice]
    normals: NDArray[np.float32]
    box: Box | None


def compute_grasp(
    frame: RgbdFrame,
    detection: Detection,
    heatmap: Heatmap,
    *,
    world_from_body: Pose | None,
    settings: GraspSettings | None = None,
    seen: ObjectDepth | None = None,
) -> Grasp | Rejection:
    """The best grasp that can be done, or why none can.

    world_from_body: where the body stands, for the reach of the arm; None leaves reach out of it. seen: the object's
    repaired depth, where the caller has it already. The reason of a rejection counts what stopped the candidates.
    """
    settings = settings or GraspSettings()
    scene = _look(frame, detection, seen)
    if isinstance(scene, Rejection):
        return scene
    pixels = _narrow_first(scene, _candidates(scene, heatmap, settings), settings)
    if not pixels:
        best = float(heatmap.quality[detection.mask].max())
        return Rejection(
            f"no pixel of the {detection.label} reaches quality {settings.min_quality:g} (best {best:.3f})"
        )
    failures: Counter[str] = Counter()
    reach = None if world_from_body is None else Reach(world_from_body, settings.standoff_m)
    for pixel in pixels:
        found = _possible(scene, pixel, settings, reach)
        if isinstance(found, Grasp):
            return found
        failures[found] += 1
    counts = ", ".join(f"{count} {reason}" for reason, count in failures.most_common())
    return Rejection(f"none of {len(pixels)} grasps on the {detection.label} can be done: {counts}")


def grasps_at(
    frame: RgbdFrame,
    detection: Detection,
    pixels_uv: Sequence[tuple[int, int]],
    *,
    settings: GraspSettings | None = None,
    seen: ObjectDepth | None = None,
) -> list[Grasp | Rejection]:
    """For each pixel the grasp that `compute_grasp` makes if it chooses it, or why none can be done there. The arm's
    reach is left out of it."""
    settings = settings or GraspSettings()
    scene = _look(frame, detection, seen)
    if isinstance(scene, Rejection):
        return [scene] * len(pixels_uv)
    found = (_possible(scene, (u, v, 1.0), settings, None) for u, v in pixels_uv)
    return [one if isinstance(one, Grasp) else Rejection(one) for one in found]


def inner_pixels(mask: NDArray[np.bool_], settings: GraspSettings | None = None) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels of a mask that `compute_grasp` may choose, those well inside it; none of an empty one."""
    window = bounds(mask)
    inner = np.zeros(mask.shape, bool)
    if window is not None:
        inner[window] = _inside(mask[window], settings or GraspSettings())[1]
    return inner


def steady_normal(normal_world: Vector, outline_world: Vector | None, settings: GraspSettings | None = None) -> Vector:
    """(3,) unit normal of an upright object's flank with the noise taken out, as the module tells.

    normal_world: (3,) fitted normal. outline_world: (3,) horizontal normal of a round body with the mask's outline.
    """
    settings = settings or GraspSettings()
    roll, pitch, yaw = normal_to_euler(normal_world)
    low, high = settings.level_rad
    pitch *= float(np.clip((abs(pitch) - low) / (high - low), 0.0, 1.0))
    if outline_world is not None:
        turn = normal_to_euler(outline_world)[2] - yaw
        turn = float(np.arctan2(np.sin(turn), np.cos(turn)))
        yaw += turn * (settings.heading_weight if abs(turn) < settings.heading_agree_rad else 1.0)
    return euler_to_normal((roll, pitch, yaw))


def _look(frame: RgbdFrame, detection: Detection, seen: ObjectDepth | None) -> _Scene | Rejection:
    if detection.mask.any():
        seen = seen or object_depth(frame.depth, detection.mask, frame.intrinsics, frame.world_from_camera)
    location = locate_object(frame, detection, seen)
    if isinstance(location, Rejection):
        return location
    assert seen is not None  # an empty mask has no location
    return _scene(frame, detection.mask, location, seen)


def _scene(frame: RgbdFrame, mask: NDArray[np.bool_], location: ObjectLocation, seen: ObjectDepth) -> _Scene:
    """Near layer and normals around the object only, which keeps the plane fit quick."""
    window = bounds(mask)
    assert window is not None
    depth = np.where(seen.near, seen.depth, np.float32(0.0))
    patch = depth[window]
    k = frame.intrinsics
    camera = Intrinsics(patch.shape[1], patch.shape[0], k.fx, k.fy, k.cx - window[1].start, k.cy - window[0].start)
    extent = location.width_m * k.fx / float(np.linalg.norm(location.surface_m - frame.world_from_camera.position_m))
    shape = silhouette(frame, mask)
    sigma = float(np.clip(0.18 * extent, 4.0, 20.0))
    normals = plane_fit_normals(patch, camera, (sigma, 1.6 * sigma if shape.upright else sigma))
    level = np.where(seen.near, seen.level, np.float32(0.0))
    return _Scene(frame, mask, depth, level, shape, location, window, normals, find_box(frame, mask, seen, shape))


def _candidates(scene: _Scene, heatmap: Heatmap, settings: GraspSettings) -> list[Pixel]:
    """The best pixels, spaced, well inside the mask; best first."""
    mask, found = scene.mask[scene.window], heatmap.quality[scene.window]
    depth_in, enough = _inside(mask, settings)
    weight = mask.astype(np.float32)
    smooth = cv2.GaussianBlur(found * weight, (0, 0), 2.0, borderType=cv2.BORDER_CONSTANT)
    smooth = smooth / np.maximum(cv2.GaussianBlur(weight, (0, 0), 2.0, borderType=cv2.BORDER_CONSTANT), 1e-3)
    rank = smooth * (1.0 - settings.edge_on_discount * (1.0 - depth_in))
    rank = np.where(enough, rank, 0.0)
    chosen = []
    for _ in range(settings.candidates):
        v, u = np.unravel_index(int(np.argmax(rank)), rank.shape)
        quality = float(found[v, u])
        if rank[v, u] < max(settings.min_quality, 1e-9):
            break
        chosen.append((int(u) + scene.window[1].start, int(v) + scene.window[0].start, quality))
        step = settings.spacing_px
        rank[max(0, v - step) : v + step + 1, max(0, u - step) : u + step + 1] = 0.0
    return chosen


def _inside(mask: NDArray[np.bool_], settings: GraspSettings) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How far inside the mask each pixel lies, 0 at its edge and 1 where it is thickest; and whether that is enough to
    be chosen."""
    inside = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    thickest = max(float(inside.max()), 1.0)
    least = min(min(0.9, 2.0 * settings.edge) * thickest, settings.edge_px)
    return np.asarray(inside / np.float32(thickest), np.float32), np.asarray(inside > least)


def _narrow_first(scene: _Scene, pixels: list[Pixel], settings: GraspSettings) -> list[Pixel]:
    """The same pixels; those on faces of a box that are wide for the jaws come later than their quality says."""
    if scene.box is None:
        return pixels

    faces = [_face(scene, (u, v)) for u, v, _ in pixels]
    widths = [0.0 if face is None else face.width_m for face in faces]
    if max(widths, default=0.0) <= settings.flat_width_m[0]:
        return pixels
    worth = np.interp(widths, settings.flat_width_m, (1.0, settings.flat_worst)) * [pixel[2] for pixel in pixels]
    return [pixels[i] for i in np.argsort(-worth, kind="stable")]


def _possible(scene: _Scene, pixel: Pixel, settings: GraspSettings, reach: Reach | None) -> Grasp | str:
    """The grasp at a pixel, with the hand rolled half a turn where it cannot be done otherwise; or why there is none,
    in a few words."""
    made = _grasp_at(scene, pixel[:2], pixel[2], settings)
    if isinstance(made, str):
        return made
    problem: str | None = None
    for grasp in made:
        problem = problem_of(grasp, scene.location.bottom_z_m, settings)
        if problem is None and reach is not None:
            problem = reach.problem(grasp.world_from_hand)
        if problem is None:
            return grasp
    return problem or ""


def _grasp_at(scene: _Scene, uv: tuple[int, int], score: float, settings: GraspSettings) -> tuple[Grasp, ...] | str:
    """The grasp at a pixel and the same with the hand rolled half a turn, the fixed jaw on the other side; unchecked
    but for what they need to exist. Else the reason in a few words."""
    camera = scene.frame.intrinsics
    sides = extent_across(scene.mask, (float(uv[0]), float(uv[1])), scene.shape.axis_uv)
    if sides is None:
        return "without an outline"
    extent = sides[0] + sides[1]
    depth = _depth_at(scene, uv, radius_px=int(np.clip(0.2 * extent, 4, 16)))
    if depth is None:
        return "without depth"
    fitted = scene.normals[uv[1] - scene.window[0].start, uv[0] - scene.window[1].start].astype(np.float64)
    if not fitted.any():
        return "without a surface normal"
    normal = scene.frame.world_from_camera.rotation @ fitted
    width = round_width_m(extent, depth, camera)
    point = scene.frame.world_from_camera.transform(camera.back_project(uv[0], uv[1], depth))
    between = point
    face = _face(scene, uv)
    if face is not None and normal[2] < STEEP:
        level = normal_to_euler(steady_normal(normal, None, settings))[1]
        normal = euler_to_normal((0.0, level, normal_to_euler(face.normal_world)[2]))
        width = face.width_m
        between = np.array([*face.middle_xy, point[2]])
    elif scene.shape.upright:
        normal = steady_normal(normal, _outline_normal(scene, point, sides), settings)
    axis = scene.shape.axis_world
    poses = (hand_pose(between, normal, one, width) for one in (axis, -axis))
    return tuple(Grasp(uv, depth, point, normal, pose, width, score) for pose in poses)


def _depth_at(scene: _Scene, uv: tuple[int, int], radius_px: int) -> float | None:
    """Depth of the near surface about a pixel, metres. On an upright object what lies TALL times as far above and below
    at about the same level range has its say: the sensor's pattern errs by 5 mm over a few pixels."""
    depth = depth_around(scene.depth, uv, radius_px)
    level = depth_around(scene.level, uv, radius_px)
    if depth is None or level is None or not scene.shape.upright:
        return depth
    (u, v), tall = uv, TALL * radius_px
    column = scene.level[max(0, v - tall) : v + tall + 1, max(0, u - radius_px) : u + radius_px + 1]
    same = column[np.abs(column - level) < SAME_M]
    return depth * float(np.median(same)) / level if same.size else depth


def _face(scene: _Scene, uv: tuple[int, int]) -> Face | None:
    """The box's face that a pixel shows; None on a round body, and above and below the body."""
    if scene.box is None or not scene.box.rows[0] <= uv[1] <= scene.box.rows[1]:
        return None
    ray = scene.frame.world_from_camera.rotation @ scene.frame.intrinsics.back_project(uv[0], uv[1], 1.0)
    return scene.box.face_at(ray)


def _outline_normal(scene: _Scene, point: Vector, sides: tuple[float, float]) -> Vector | None:
    """(3,) horizontal outward normal at a point of an upright round body: by how far off the middle it is seen."""
    view = point - scene.frame.world_from_camera.position_m
    back = np.array([-view[0], -view[1], 0.0])
    length = float(np.linalg.norm(back))
    if length < 0.05 or sum(sides) < 4.0:
        return None
    back /= length
    right = np.cross([0.0, 0.0, 1.0], back)  # to the right as seen by the camera
    off = float(np.clip((sides[0] - sides[1]) / sum(sides), -0.95, 0.95))
    return np.asarray(np.sqrt(1.0 - off * off) * back + off * right)
