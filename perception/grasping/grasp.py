"""From a heatmap to a hand pose that can be done.

Candidates are the heatmap's best pixels well inside the mask. Each becomes a surface point by the depth of the near
surface (Eq. 1-3 of arXiv 2508.17466), gets a steadied normal and the hand pose of `hand_pose`, and is checked: narrow
enough for the jaws, clear of the support and of all that is seen, within reach at the grasp and before it. The first
that passes is the answer.

The normal is a plane fit over the object's near layer, steadied on an upright object. The mask's outline is sharper
than the depth, so the heading is drawn to that of a round body with this outline. Where the two disagree, the round
body's is taken. A small elevation counts as level, since most upright objects have upright flanks.

Where the depth says clearly that the body is a box (`cross_section`), heading and width are those of the face that the
pixel is on. The hand then closes about the middle of the face, since jaws that close off the middle push the box. Its
narrow faces are tried first (`flat_width_m`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector
from perception.grasping.checks import problem_of
from perception.grasping.orientation import euler_to_normal, normal_to_euler
from perception.grasping.reach import Reach
from perception.grasping.settings import ClearanceSettings, GraspSettings
from perception.grasping.surroundings import Surroundings, clearances, surroundings
from perception.hand.gripper import GripperModel
from perception.hand.hand_pose import hand_pose
from perception.hand.rooms import rooms_of
from perception.surface.cross_section import Face
from perception.surface.depth import depth_around, looks_steeply
from perception.surface.silhouette import bounds, extent_across, round_width_m
from perception.types import Grasp, Heatmap, Rejection
from perception.view import View

Pixel = tuple[int, int, float]
"""u, v, quality."""
DEFAULT: Final = GraspSettings()
CLEARANCE: Final = ClearanceSettings()


def compute_grasp(
    view: View,
    heatmap: Heatmap,
    *,
    gripper: GripperModel,
    reach: Reach | None,
    settings: GraspSettings = DEFAULT,
) -> Grasp | Rejection:
    """The best possible grasp, or a rejection whose reason counts what ruled the candidates out.

    view: the frame with its detection. heatmap: quality of each pixel of that frame. gripper: shape of the jaws.
    reach: what the arm reaches from where the body stands; None does not check it. settings: how it is chosen.
    """
    if isinstance(view.location, Rejection):
        return view.location
    pixels = _narrow_first(view, _candidates(view, heatmap, settings), settings)
    if not pixels:
        best = float(heatmap.quality[view.detection.mask].max())
        return Rejection(
            f"no pixel of the {view.detection.label} reaches quality {settings.min_quality:g} (best {best:.3f})"
        )
    around = surroundings(view, CLEARANCE) if gripper.hulls is not None else None
    if isinstance(around, Rejection):
        return around
    failures: Counter[str] = Counter()
    for pixel in pixels:
        grasp = _possible(view, pixel, gripper, reach, around, settings)
        if isinstance(grasp, Grasp):
            return grasp
        failures[grasp] += 1
    counts = ", ".join(f"{count} {reason}" for reason, count in failures.most_common())
    return Rejection(f"none of {len(pixels)} grasps on the {view.detection.label} can be done: {counts}")


def grasps_at(
    view: View, pixels_uv: Sequence[tuple[int, int]], *, gripper: GripperModel, settings: GraspSettings = DEFAULT
) -> list[Grasp | Rejection]:
    """For each pixel the grasp that `compute_grasp` makes if it chooses it, or why none can be done there. The arm's
    reach and what stands around are left out of it."""
    if isinstance(view.location, Rejection):
        return [view.location] * len(pixels_uv)
    grasps = (_possible(view, (u, v, 1.0), gripper, None, None, settings) for u, v in pixels_uv)
    return [grasp if isinstance(grasp, Grasp) else Rejection(grasp) for grasp in grasps]


def inner_pixels(mask: NDArray[np.bool_], settings: GraspSettings = DEFAULT) -> NDArray[np.bool_]:
    """(H, W) bool: the pixels well inside the mask, which `compute_grasp` may choose; none for an empty mask."""
    window = bounds(mask)
    inner = np.zeros(mask.shape, bool)
    if window is not None:
        inner[window] = _inside(mask[window], settings)[1]
    return inner


def steady_normal(normal_world: Vector, outline_world: Vector | None, settings: GraspSettings = DEFAULT) -> Vector:
    """(3,) unit normal of an upright object's flank, steadied as the module says.

    normal_world: (3,) fitted normal. outline_world: (3,) horizontal normal of a round body with the mask's outline.
    """
    roll, pitch, yaw = normal_to_euler(normal_world)
    low, high = settings.level_rad
    pitch *= float(np.clip((abs(pitch) - low) / (high - low), 0.0, 1.0))
    if outline_world is not None:
        turn = normal_to_euler(outline_world)[2] - yaw
        turn = float(np.arctan2(np.sin(turn), np.cos(turn)))
        yaw += turn * (settings.heading_weight if abs(turn) < settings.heading_agree_rad else 1.0)
    return euler_to_normal((roll, pitch, yaw))


def _candidates(view: View, heatmap: Heatmap, settings: GraspSettings) -> list[Pixel]:
    """The best pixels, spaced, well inside the mask; best first."""
    window = bounds(view.detection.mask)
    assert window is not None  # an empty mask has no location
    mask, quality = view.detection.mask[window], heatmap.quality[window]
    depth_in, enough = _inside(mask, settings)
    weight = mask.astype(np.float32)
    smooth = cv2.GaussianBlur(quality * weight, (0, 0), 2.0, borderType=cv2.BORDER_CONSTANT)
    smooth = smooth / np.maximum(cv2.GaussianBlur(weight, (0, 0), 2.0, borderType=cv2.BORDER_CONSTANT), 1e-3)
    rank = smooth * (1.0 - settings.edge_on_discount * (1.0 - depth_in))
    rank = np.where(enough, rank, 0.0)
    chosen = []
    for _ in range(settings.candidates):
        v, u = np.unravel_index(int(np.argmax(rank)), rank.shape)
        if rank[v, u] < max(settings.min_quality, 1e-9):
            break
        chosen.append((int(u) + window[1].start, int(v) + window[0].start, float(quality[v, u])))
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


def _narrow_first(view: View, pixels: list[Pixel], settings: GraspSettings) -> list[Pixel]:
    """The same pixels; those on faces of a box that are wide for the jaws come later than their quality says."""
    if view.box is None:
        return pixels
    faces = [_face(view, (u, v)) for u, v, _ in pixels]
    widths = [0.0 if face is None else face.width_m for face in faces]
    if max(widths, default=0.0) <= settings.flat_width_m[0]:
        return pixels
    worth = np.interp(widths, settings.flat_width_m, (1.0, settings.flat_worst)) * [pixel[2] for pixel in pixels]
    return [pixels[i] for i in np.argsort(-worth, kind="stable")]


def _possible(
    view: View,
    pixel: Pixel,
    gripper: GripperModel,
    reach: Reach | None,
    around: Surroundings | None,
    settings: GraspSettings,
) -> Grasp | str:
    """The grasp at a pixel, with the hand rolled half a turn where it cannot be done otherwise; or why there is none,
    in a few words."""
    assert not isinstance(view.location, Rejection)
    grasps = _grasps_at(view, pixel[:2], pixel[2], gripper, settings)
    if isinstance(grasps, str):
        return grasps
    problem: str | None = None
    for grasp in grasps:
        problem = problem_of(grasp, view.location.bottom_z_m, gripper, settings.support_margin_m)
        if problem is None and around is not None:
            rooms = rooms_of(gripper, settings.standoff_m)
            checked = clearances(around, [grasp.world_from_hand], [grasp.width_m], rooms, CLEARANCE)
            problem = checked.problems[0] or None
            grasp = replace(grasp, opening=rooms.opening(int(checked.opened[0])))
        if problem is None and reach is not None:
            problem = reach.problem(grasp.world_from_hand)
        if problem is None:
            return grasp
    return problem or ""


def _grasps_at(
    view: View, uv: tuple[int, int], score: float, gripper: GripperModel, settings: GraspSettings
) -> tuple[Grasp, ...] | str:
    """The grasp at a pixel and the same with the hand rolled half a turn, the fixed jaw on the other side; unchecked
    but for what they need to exist. Else the reason in a few words."""
    camera, world_from_camera = view.frame.intrinsics, view.frame.world_from_camera
    sides = extent_across(view.detection.mask, (float(uv[0]), float(uv[1])), view.silhouette.axis_uv)
    if sides is None:
        return "without an outline"
    extent = sides[0] + sides[1]
    depth = _depth_at(view, uv, int(np.clip(0.2 * extent, 4, 16)), settings)
    if depth is None:
        return "without depth"
    if not agrees(view, uv, depth, settings):
        return "where the sensor sees another depth"
    fitted = view.normals[uv[1], uv[0]].astype(np.float64)
    if not fitted.any():
        return "without a surface normal"
    normal = world_from_camera.rotation @ fitted
    width = round_width_m(extent, depth, camera)
    point = world_from_camera.transform(camera.back_project(uv[0], uv[1], depth))
    between = point
    face = _face(view, uv)
    if face is not None and normal[2] < np.sin(settings.steep_rad):
        level = normal_to_euler(steady_normal(normal, None, settings))[1]
        normal = euler_to_normal((0.0, level, normal_to_euler(face.normal_world)[2]))
        width = face.width_m
        between = np.array([*face.middle_xy, point[2]])
    elif view.silhouette.upright:
        normal = steady_normal(normal, _outline_normal(view, point, sides), settings)
    axis = view.silhouette.axis_world
    flat = face is not None
    poses = (hand_pose(between, normal, along, width, gripper, flat=flat) for along in (axis, -axis))
    return tuple(Grasp(uv, depth, point, normal, pose, width, score) for pose in poses)


def _depth_at(view: View, uv: tuple[int, int], radius_px: int, settings: GraspSettings) -> float | None:
    """Depth of the near surface about a pixel, metres. On an upright object the surface above and below at about the
    same level range counts too: the sensor's fixed pattern spans only a few pixels."""
    depth = depth_around(view.near_depth, uv, radius_px)
    level = depth_around(view.near_level, uv, radius_px)
    if depth is None or level is None or not view.silhouette.upright or looks_steeply(view.frame.world_from_camera):
        return depth
    (u, v), tall = uv, settings.column * radius_px
    column = view.near_level[max(0, v - tall) : v + tall + 1, max(0, u - radius_px) : u + radius_px + 1]
    same = column[np.abs(column - level) < settings.column_m]
    return depth * float(np.median(same)) / level if same.size else depth


def agrees(view: View, uv: tuple[int, int], depth_m: float, settings: GraspSettings = DEFAULT) -> bool:
    """Whether the sensor returns about this depth around a pixel and, where its depth is registered, at the pixel. What
    has no return does not count."""
    returned = [depth_around(view.repaired.depth, uv, settings.agree_px)]
    if view.frame.registered:
        returned.append(float(view.repaired.depth[uv[1], uv[0]]) or None)
    return all(each is None or abs(each - depth_m) <= settings.agree_m for each in returned)


def _face(view: View, uv: tuple[int, int]) -> Face | None:
    """The box's face that a pixel shows; None on a round body, and above and below the body."""
    if view.box is None or not view.box.rows[0] <= uv[1] <= view.box.rows[1]:
        return None
    ray = view.frame.world_from_camera.rotation @ view.frame.intrinsics.back_project(uv[0], uv[1], 1.0)
    return view.box.face_at(ray)


def _outline_normal(view: View, point: Vector, sides: tuple[float, float]) -> Vector | None:
    """(3,) horizontal outward normal at a point of an upright round body: by how far off the middle it is seen."""
    sight = point - view.frame.world_from_camera.position_m
    back = np.array([-sight[0], -sight[1], 0.0])
    length = float(np.linalg.norm(back))
    if length < 0.05 or sum(sides) < 4.0:
        return None
    back /= length
    right = np.cross([0.0, 0.0, 1.0], back)  # to the right as seen by the camera
    off = float(np.clip((sides[0] - sides[1]) / sum(sides), -0.95, 0.95))
    return np.asarray(np.sqrt(1.0 - off * off) * back + off * right)
