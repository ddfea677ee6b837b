"""Methods that choose a grasp, to be compared: ours, simple rules, the paper's, and one that knows the truth.

All but `paper` and `oracle` give a quality per pixel. `perception.grasping.grasp.compute_grasp` then finds depth,
normal and pose for all of them, so that only the choice of the pixel is compared. The heatmap's best pixels are checked
for support and jaw width, and the next pixel is tried if a check fails. A rule names one pixel, unless its name ends in
"+checks".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.grasping.grasp import compute_grasp
from perception.grasping.hand_pose import hand_rotation
from perception.grasping.settings import GraspSettings
from perception.networks.protocols import HeatmapModel
from perception.surface.normals import d2nt_normals, plane_fit_normals
from perception.types import Detection, Heatmap, Rejection, RgbdFrame
from perception.view import View
from training.evaluation.method_names import CHECKED, check_names
from training.heatmap.baselines import HEIGHT_PROFILE, centroid_quality, height_bin
from training.heatmap.paper_recipe import SIZE, paper_depth, paper_input

ONE_PIXEL = GraspSettings(candidates=1, support_margin_m=-10.0)
ANY_WIDTH = replace(SPOT.gripper, max_width_m=1.0)
"""For a rule: one pixel, without checks."""
PAPER_OFFSET_M = 0.03
"""Distance at which the paper's hand stops before the point."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What only the oracle may read.

    poses: N object_from_hand that are known to lift and hold. points, normals: (N, 3) surface points and normals that
    they grip at, object frame. clean_depth: (H, W) metres.
    """

    poses: tuple[Pose, ...]
    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    world_from_object: Pose
    clean_depth: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Choice:
    """A chosen grasp, or the reason why there is none.

    seconds: duration of each stage. pixel_uv, depth_m, normal_world: the chosen point and its normal (3,), if known.
    score: the quality at the pixel, if the method has one.
    """

    world_from_hand: Pose | None
    reason: str
    seconds: dict[str, float]
    pixel_uv: tuple[int, int] | None = None
    depth_m: float = 0.0
    normal_world: NDArray[np.float64] | None = None
    score: float = 0.0


Method = Callable[[RgbdFrame, Detection, Truth, np.random.Generator], Choice]


def make_methods(names: tuple[str, ...], heatmap: HeatmapModel | None, paper: Path | None) -> dict[str, Method]:
    """The named methods. ConfigError for an unknown name or a network that is missing."""
    check_names(names)
    made: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        if name == "heatmap":
            if heatmap is None:
                raise ConfigError("the method heatmap needs a network")
            made[name] = by_quality(predicted(heatmap), checked=True)
        elif name == "paper":
            if paper is None:
                raise ConfigError(
                    "the method paper needs its network: spot-grasp train heatmap --recipe paper, then --paper-run DIR"
                )
            made[name] = PaperMethod(paper)
        elif name == "oracle":
            made[name] = oracle
        else:
            made[name] = by_quality(_RULES[name.removesuffix(CHECKED)], checked=name.endswith(CHECKED))
    return made


Quality = Callable[[View, np.random.Generator], NDArray[np.float32]]


def predicted(model: HeatmapModel) -> Quality:
    return lambda view, _: model.predict(view).quality


def by_quality(quality: Quality, *, checked: bool) -> Method:
    settings, gripper = (GraspSettings(), SPOT.gripper) if checked else (ONE_PIXEL, ANY_WIDTH)

    def choose(frame: RgbdFrame, detection: Detection, _: Truth, rng: np.random.Generator) -> Choice:
        started = time.perf_counter()
        view = View(frame, detection)
        values = np.clip(quality(view, rng), 0.0, 1.0).astype(np.float32)
        between = time.perf_counter()
        grasp = compute_grasp(view, Heatmap(values), gripper=gripper, reach=None, settings=settings)
        seconds = {"quality": between - started, "pose": time.perf_counter() - between}
        if isinstance(grasp, Rejection):
            return Choice(None, "no pose", seconds)
        return Choice(
            grasp.world_from_hand, "", seconds, grasp.pixel_uv, grasp.depth_m, grasp.normal_world, grasp.score
        )

    return choose


def _centroid(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    return centroid_quality(np.asarray(view.detection.mask))


def _height(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    return np.asarray(HEIGHT_PROFILE, np.float32)[height_bin(np.asarray(view.detection.mask))]


def _random(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random patches of six pixels, large enough to survive smoothing."""
    height, width = view.detection.mask.shape
    spots = rng.uniform(0.1, 1.0, (-(-height // 6), -(-width // 6))).astype(np.float32)
    return np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def _antipodal(view: View, rng: np.random.Generator) -> NDArray[np.float32]:
    """High where the normal is level and the pixel is midway between the mask's sides: the jaws then meet opposite
    flanks at a right angle."""
    frame, mask = view.frame, np.asarray(view.detection.mask)
    normals = plane_fit_normals(view.repaired.depth, frame.intrinsics, 8.0, view.repaired.near)
    up = np.abs(normals @ frame.world_from_camera.rotation[2].astype(np.float32))
    level = np.exp(-((np.degrees(np.arcsin(np.clip(up, 0.0, 1.0))) / 25.0) ** 2))
    columns = np.arange(mask.shape[1], dtype=np.float32)[None, :]
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    middle = (columns * mask).sum(axis=1, keepdims=True) / count
    centred = np.clip(1.0 - np.abs(columns - middle) / (0.5 * count), 0.0, 1.0)
    return np.asarray(level * centred * mask * normals.any(axis=-1), np.float32)


_RULES: dict[str, Quality] = {
    "centroid": _centroid,
    "height": _height,
    "random": _random,
    "antipodal": _antipodal,
}


class PaperMethod:
    """arXiv 2508.17466 from picture to pose, with its network retrained here.

    run: folder of `spot-grasp train heatmap --recipe paper`. ConfigError if it is not such a folder.
    """

    def __init__(self, run: Path) -> None:
        import torch

        from training.common.checkpoints import fill, load_state
        from training.heatmap.train import make_network

        path = run / "best.pt"
        if not path.is_file():
            raise ConfigError(f"{path}: missing; train it with spot-grasp train heatmap --recipe paper --out {run}")
        self._network = make_network("paper")
        fill(self._network, load_state(path, "network")["network"], path, "train with --recipe paper")
        self._network.eval()
        self._torch: Any = torch

    def __call__(self, frame: RgbdFrame, detection: Detection, _: Truth, rng: np.random.Generator) -> Choice:
        started = time.perf_counter()
        mask = np.asarray(detection.mask)
        tensor = paper_input(frame.rgb, frame.depth, mask, frame.intrinsics)
        with self._torch.no_grad():
            logits = self._network(self._torch.from_numpy(tensor[None]))[0, 0].numpy()
        full = cv2.resize(logits, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
        assert logits.shape == SIZE
        between = time.perf_counter()
        v, u = (int(index) for index in np.unravel_index(int(np.where(mask, full, -np.inf).argmax()), mask.shape))
        depth = paper_depth(frame.depth, mask)
        normal = d2nt_normals(frame.depth, frame.intrinsics, "v3")[v, u].astype(np.float64)
        seconds = {"quality": between - started, "pose": time.perf_counter() - between}
        if depth is None or not normal.any():
            return Choice(None, "no pose", seconds)
        point = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth))
        outwards = frame.world_from_camera.rotation @ normal
        rotation = hand_rotation(outwards, (0.0, 0.0, 1.0))
        pose = Pose(rotation, point - PAPER_OFFSET_M * rotation[:, 0])
        return Choice(pose, "", seconds, (u, v), depth, outwards)


def oracle(frame: RgbdFrame, detection: Detection, truth: Truth, rng: np.random.Generator) -> Choice:
    """A grasp known to succeed whose surface point is visible in this picture: an upper bound for all methods."""
    started = time.perf_counter()
    camera_from_object = frame.world_from_camera.inverse() @ truth.world_from_object
    if len(truth.poses) == 0:
        return Choice(None, "no good grasp known", {"quality": 0.0, "pose": 0.0})
    points = camera_from_object.transform(truth.points)
    facing = -np.einsum("ni,ni->n", truth.normals @ camera_from_object.rotation.T, points)
    pixels = np.floor(frame.intrinsics.project(points)).astype(int)
    height, width = truth.clean_depth.shape
    inside = (points[:, 2] > 0.05) & (pixels >= 0).all(axis=1) & (pixels < [width, height]).all(axis=1) & (facing > 0)
    index = np.flatnonzero(inside)
    behind = points[index, 2] - truth.clean_depth[pixels[index, 1], pixels[index, 0]]
    index = index[np.abs(behind) < 0.01]
    seconds = {"quality": time.perf_counter() - started, "pose": 0.0}
    if index.size == 0:
        return Choice(None, "no good grasp in view", seconds)
    centre = truth.points.mean(axis=0)
    best = int(index[np.argmin(np.linalg.norm(truth.points[index] - centre, axis=1))])
    hand = truth.world_from_object @ truth.poses[best]
    normal = truth.world_from_object.rotation @ truth.normals[best]
    u, v = (int(value) for value in pixels[best])
    return Choice(hand, "", seconds, (u, v), float(points[best, 2]), normal)
