"""Detection rates in rendered views of other objects than those of training, with the depth sensor's faults.

`python -m training.studies.measure_detector --views DIR [DIR ...] [--detector FILE] [--zooms Z ...] [--every N] [--seed
S]`

--views: folders of training.dataset.views, such as DATA/views of `spot-grasp dataset generate --split test`. The
detector looks in each view for each of its labels. JSON on stdout: for labels with a visible object, how often the best
detection is right (IoU at least 0.5, with its 95 % Wilson interval), and its IoU; for other labels, how often there is
a detection; and by distance, the share of visible objects that are detected.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_detector")

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector
from perception.detection.settings import DetectionSettings
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame
from training.common.confidence import wilson
from training.dataset.labels.project import DEPTH_UNIT_M, read_arrays, view_files
from training.dataset.views import photograph
from training.detector.words import WORD_OF
from training.heatmap.build_arrays import noisy_depth

MIN_SCORE, SAME_IOU = 0.25, 0.5
SHOWN_PX = 100
DISTANCES_M = (0.0, 0.6, 1.0, 10.0)

Mask = NDArray[np.bool_]


def overlap(first: Mask, second: Mask) -> float:
    """Intersection over union of two (H, W) masks; 0 where both are empty."""
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def measure(paths: Sequence[Path], detector: OnnxDetector, seed: int) -> dict[str, Any]:
    """The figures of some views. ConfigError if they show no object of the detector's labels."""
    right: list[bool] = []
    overlaps: list[float] = []
    alarms: list[bool] = []
    by_distance: dict[str, list[bool]] = {f"{a:g} to {b:g} m": [] for a, b in pairwise(DISTANCES_M)}
    for index, path in enumerate(paths):
        frame, shown = _view(path, np.random.default_rng([seed, index]))
        for label in detector.labels:
            masks = [mask for family, mask, _ in shown if family == label]
            detections = detector.detect(frame, [label], MIN_SCORE, lambda _: True)
            if not masks:
                alarms.append(bool(detections))
                continue
            best = _best(detections[0].mask, masks) if detections else 0.0
            right.append(best >= SAME_IOU)
            overlaps += [best] if best >= SAME_IOU else []
            everything = [detection.mask for detection in detector.detect(frame, [label], MIN_SCORE)]
            for family, mask, distance in shown:
                if family == label:
                    place = int(np.searchsorted(DISTANCES_M, distance, side="right")) - 1
                    by_distance[list(by_distance)[place]].append(_best(mask, everything) >= SAME_IOU)
    if not right:
        raise ConfigError(f"in these {len(paths)} views no object shows that the detector knows")
    return {
        "views": len(paths),
        "asked": len(right),
        "best_right": float(np.mean(right)),
        "interval": list(wilson(sum(right), len(right))),
        "iou_median": float(np.median(overlaps)) if overlaps else None,
        "found_what_is_not_there": float(np.mean(alarms)) if alarms else None,
        "found": {k: {"objects": len(v), "share": float(np.mean(v))} for k, v in by_distance.items() if v},
    }


def _best(mask: Mask, others: Sequence[Mask]) -> float:
    return max((overlap(mask, other) for other in others), default=0.0)


def _view(path: Path, rng: np.random.Generator) -> tuple[RgbdFrame, list[tuple[str, Mask, float]]]:
    """(frame as a camera may take it, (label, mask, median depth in metres) of each visible object)."""
    view = read_arrays(path, ("rgb", "depth", "instances", "families", "world_from_camera", "intrinsics"))
    rgb, clean = photograph(view["rgb"], rng), view["depth"].astype(np.float32) * np.float32(DEPTH_UNIT_M)
    instances, families, pose = view["instances"], view["families"], view["world_from_camera"]
    fx, fy, cx, cy = (float(value) for value in view["intrinsics"])
    camera = Intrinsics(rgb.shape[1], rgb.shape[0], fx, fy, cx, cy)
    masks = [(WORD_OF.get(str(family), str(family)), instances == index + 1) for index, family in enumerate(families)]
    shown = [(label, mask, float(np.median(clean[mask]))) for label, mask in masks if mask.sum() >= SHOWN_PX]
    return RgbdFrame(rgb, noisy_depth(clean, camera, rng), camera, Pose.from_matrix(pose), 0.0), shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=Path, nargs="+", required=True)
    parser.add_argument("--detector", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument(
        "--zooms",
        type=float,
        nargs="+",
        default=DetectionSettings().zooms,
        help="scales at which it looks, in this order",
    )
    parser.add_argument("--every", type=int, default=1, help="take every Nth view only")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.every < 1 or min(args.zooms) <= 0:
        raise ConfigError("--every must be at least 1 and --zooms positive")
    detector = OnnxDetector(args.detector, settings=DetectionSettings(zooms=tuple(args.zooms)))
    paths = [path for folder in args.views for path in view_files(folder)]
    figures = measure(paths[:: args.every], detector, args.seed)
    sys.stdout.write(json_text(figures, indent=1) + "\n")
