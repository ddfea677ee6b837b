"""arXiv 2508.17466 from picture to pose, with its network retrained here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.hand.hand_pose import hand_rotation
from perception.surface.normals import d2nt_normals
from perception.types import Detection, RgbdFrame
from training.evaluation.methods.interface import Look, Proposal, Proposals
from training.evaluation.methods.on_masks import best_first
from training.heatmap.paper_recipe import SIZE, paper_depth, paper_input

PAPER_OFFSET_M = 0.03
"""Distance at which the paper's hand stops before the point."""


class PaperMethod:
    """The paper's method. run: folder of `spot-grasp train heatmap --recipe paper`. ConfigError if it is not one."""

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

    def __call__(self, look: Look, rng: np.random.Generator) -> Proposals:
        seconds = {"quality": 0.0, "pose": 0.0}
        grasps = [self._on_mask(look.frame, one, number, seconds) for number, one in enumerate(look.detections)]
        return best_first([grasp for grasp in grasps if grasp is not None], "no pose", seconds)

    def _on_mask(
        self, frame: RgbdFrame, detection: Detection, number: int, seconds: dict[str, float]
    ) -> Proposal | None:
        started = time.perf_counter()
        mask = np.asarray(detection.mask)
        tensor = paper_input(frame.rgb, frame.depth, mask, frame.intrinsics)
        with self._torch.no_grad():
            logits = self._network(self._torch.from_numpy(tensor[None]))[0, 0].numpy()
        full = cv2.resize(logits, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
        assert logits.shape == SIZE
        between = time.perf_counter()
        seconds["quality"] += between - started
        v, u = (int(index) for index in np.unravel_index(int(np.where(mask, full, -np.inf).argmax()), mask.shape))
        depth = paper_depth(frame.depth, mask)
        normal = d2nt_normals(frame.depth, frame.intrinsics, "v3")[v, u].astype(np.float64)
        seconds["pose"] += time.perf_counter() - between
        if depth is None or not normal.any():
            return None
        point = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth))
        outwards = frame.world_from_camera.rotation @ normal
        rotation = hand_rotation(outwards, (0.0, 0.0, 1.0))
        pose = Pose(rotation, point - PAPER_OFFSET_M * rotation[:, 0])
        where: dict[str, Any] = {"pixel_uv": (u, v), "depth_m": depth, "normal_world": outwards}
        return Proposal(pose, float(full[v, u]), aside=False, detection=number, **where)
