"""Detection rates on real pictures with a mask of each object, at one false alarm in ten.

`python -m training.studies.real_frames DIR [DIR ...] [--detector FILE ...] [--name COCO=WORD ...] [--plain] [--any]
[--or-by-depth] [--min-score S] [--settings FILE] [--intrinsics fx,fy,cx,cy]`

DIR: saved frames, in one of the forms of `training.studies.annotated_frames`. --detector: network files; of several,
all candidates count. --name: what a network calls a word, in place of the built-in table and that of --settings.
--plain: without depth's judgement. --any: things without a word, in place of words. --or-by-depth: where nothing is
seen, depth alone names things. JSON on stdout.

A false alarm is a detection with a word that its frame lacks. The threshold is the lowest at which at most one in ten
pairs of a frame and a word that it lacks has one. Objects found there have a detection with their own word and an IoU
of at least 0.7; at_default has the same for the least score that trees and commands ask for. A wrong object is a
detection above the threshold, in a frame that has the word, on nothing that it names.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.real_frames")

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from behaviours.settings import Settings, read_settings
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.detection.aliases import with_aliases
from perception.detection.by_depth.anything import ANY
from perception.detection.by_depth.judge import SURE, WORDS
from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector
from perception.detection.look import look_for
from perception.networks.protocols import Detector, Enough
from perception.types import Detection, RgbdFrame
from training.common.confidence import wilson
from training.studies.annotated_frames import AnnotatedFrame, Mask, annotated_frames
from training.studies.measure_detector import overlap

ALARM_RATE, FOUND_IOU, SAME_IOU, ANY_IOU, NEAR_M = 0.1, 0.7, 0.5, 0.6, 1.2
DISTANCES_M = (0.0, 0.6, 0.9, 1.2, 10.0)
LEAST_SCORE = 0.01

Find = Callable[[RgbdFrame, str], list[Detection]]
"""Detections with a label in a frame."""


class Together:
    """Several detectors as one. names: for names of the networks, the words that they count as."""

    def __init__(self, detectors: Sequence[Detector], names: dict[str, str]) -> None:
        self._detectors, self._names = detectors, names
        known = [names.get(label, label) for detector in detectors for label in detector.labels]
        self.labels = tuple(dict.fromkeys(known))

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        """What any of them finds; see `perception.networks.protocols.Detector`."""
        del enough
        return self._found("detect", frame, labels, min_score)

    def glance(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        """What any of them finds in one look; see `perception.networks.protocols.Glances`."""
        return self._found("glance", frame, labels, min_score)

    def _found(self, way: str, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        found = []
        for detector in self._detectors:
            own = [label for label in detector.labels if self._names.get(label, label) in labels]
            look: Callable[..., list[Detection]] = getattr(detector, way, detector.detect)
            for one in look(frame, own, min_score) if own else ():
                found.append(replace(one, label=self._names.get(one.label, one.label)))
        return sorted(found, key=lambda one: -one.score)


def measure_words(frames: Sequence[AnnotatedFrame], find: Find) -> dict[str, Any]:
    """The figures for `WORDS` in frames with masks. ConfigError if no object has one of them."""
    alarms: list[float] = []
    objects: list[tuple[str, float, float, float]] = []  # word, metres, score of the detection that finds it, its IoU
    elsewhere: list[tuple[str, float]] = []
    for each in frames:
        for word in WORDS:
            own = [mask for label, mask in each.masks or () if label == word]
            named = find(each.frame, word)
            if not own:
                alarms.append(max((one.score for one in named), default=0.0))
                continue
            for mask in own:
                fits = [(one.score, overlap(one.mask, mask)) for one in named]
                score, iou = max((fit for fit in fits if fit[1] >= FOUND_IOU), default=(0.0, 0.0))
                objects.append((word, _away_m(each.frame, mask), score, iou))
            wrong = [one for one in named if all(overlap(one.mask, mask) < SAME_IOU for mask in own)]
            elsewhere += [(word, one.score) for one in wrong]
    if not objects:
        raise ConfigError(f"in these {len(frames)} frames no mask is named {', '.join(WORDS)}")
    allowed = int(ALARM_RATE * len(alarms))
    threshold = max(sorted(alarms, reverse=True)[allowed] if allowed < len(alarms) else 0.0, LEAST_SCORE)
    found = [score > threshold for _, _, score, _ in objects]
    groups: dict[str, list[bool]] = defaultdict(list)
    for (word, away_m, _, _), right in zip(objects, found, strict=True):
        groups[word].append(right)
        low, high = next(((a, b) for a, b in pairwise(DISTANCES_M) if a <= away_m < b), DISTANCES_M[-2:])
        groups[f"{low:g} to {high:g} m"].append(right)
    return {
        "frames": len(frames),
        "objects": len(objects),
        "found": sum(found),
        "share": float(np.mean(found)),
        "interval": list(wilson(sum(found), len(found))),
        "threshold": threshold,
        "at_default": {
            "min_score": SURE,
            "found": sum(score >= SURE for _, _, score, _ in objects),
            "alarms": sum(score >= SURE for score in alarms),
        },
        "without_the_word": len(alarms),
        "alarms": sum(score > threshold for score in alarms),
        "wrong_objects": sum(score > threshold for _, score in elsewhere),
        "iou_median": float(np.median([iou for *_, iou in objects if iou] or [0.0])),
        "at_any_score": sum(score > 0 for _, _, score, _ in objects),
        "by": {name: {"objects": len(right), "found": sum(right)} for name, right in sorted(groups.items())},
    }


def measure_any(frames: Sequence[AnnotatedFrame], find: Find) -> dict[str, Any]:
    """How many objects nearer than `NEAR_M`, with any label, have a detection with an IoU of at least `ANY_IOU`."""
    best: list[float] = []
    count = 0
    missed = []
    for each in frames:
        detections = find(each.frame, ANY)
        count += len(detections)
        for label, mask in each.masks or ():
            if _away_m(each.frame, mask) < NEAR_M:
                best.append(max((overlap(one.mask, mask) for one in detections), default=0.0))
                missed += [f"{each.name}: {label}"] if best[-1] < ANY_IOU else []
    if not best:
        raise ConfigError(f"in these {len(frames)} frames no mask shows anything nearer than {NEAR_M:g} m")
    found = [iou >= ANY_IOU for iou in best]
    return {
        "frames": len(frames),
        "objects": len(best),
        "found": sum(found),
        "share": float(np.mean(found)),
        "interval": list(wilson(sum(found), len(found))),
        "iou_median": float(np.median(best)),
        "detections": count,
        "missed": missed,
    }


def _away_m(frame: RgbdFrame, mask: Mask) -> float:
    returned = frame.depth[mask & (frame.depth > 0)]
    return float(np.median(returned)) if returned.size else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--detector", type=Path, nargs="+", default=[DEFAULT_WEIGHTS], metavar="FILE")
    parser.add_argument("--name", nargs="+", default=[], metavar="COCO=WORD", help="such as cup=mug vase=bottle")
    parser.add_argument("--plain", action="store_true", help="the detector alone, without depth")
    parser.add_argument("--any", action="store_true", help="things without a word")
    parser.add_argument("--or-by-depth", action="store_true", help="where nothing is seen, depth alone names things")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file; its [judging] and [names] (see run)")
    parser.add_argument("--min-score", type=float, default=LEAST_SCORE, help="least score that is asked for")
    parser.add_argument("--intrinsics", metavar="fx,fy,cx,cy", help="of frames without a meta.json, pixels")
    args = parser.parse_args()
    try:
        names = dict(entry.split("=", 1) for entry in args.name)
        numbers = [float(value) for value in args.intrinsics.split(",")] if args.intrinsics else []
    except ValueError:
        raise ConfigError("--name takes COCO=WORD, and --intrinsics fx,fy,cx,cy in pixels") from None
    if len(numbers) not in (0, 4):
        raise ConfigError(f"--intrinsics {args.intrinsics}: expected fx,fy,cx,cy in pixels")
    camera = (numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else None
    frames = [each for folder in args.folders for each in annotated_frames(folder, camera)]
    frames = [each for each in frames if each.masks is not None]
    settings = Settings() if args.settings is None else read_settings(args.settings)
    networks: list[Detector] = [OnnxDetector(path) for path in args.detector]
    detector = Together(networks if names else [with_aliases(one, settings.names) for one in networks], names)

    def find(frame: RgbdFrame, label: str) -> list[Detection]:
        if args.plain:
            return detector.detect(frame, [label], LEAST_SCORE) if label in detector.labels else []
        judging = settings.judging
        return look_for(detector, frame, [label], args.min_score, judging=judging, or_by_depth=args.or_by_depth)

    figures = measure_any(frames, find) if args.any else measure_words(frames, find)
    sys.stdout.write(json_text(figures, indent=1) + "\n")
