"""Average precision of a detector in rendered rooms whose models its training never saw.

`python -m training.studies.measure_rooms --data DIR [--detector FILE ...] [--plain]`

--data: what `python -m training.detector.furnished.pictures --test` wrote. A detection is right if its mask overlaps
that of an object with its word by an IoU of at least 0.5. The precision is averaged over all recalls. The detector
looks as in a run, at each of its scales; pictures made with --depth are looked at as in a run with registered depth,
without --plain. JSON on stdout.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_rooms")

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_picture
from perception.base.errors import ConfigError
from perception.base.files import read_text
from perception.base.plain_json import json_text
from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector
from perception.detection.look import look_for
from perception.geometry import Pose
from perception.types import Detection, Intrinsics, RgbdFrame
from training.detector.furnished.frames import read_frame
from training.detector.pickled_weights import check_data
from training.studies.measure_detector import overlap

SAME_IOU = 0.5
LEAST_SCORE = 0.01
Mask = NDArray[np.bool_]


def average_precision(scores: Sequence[float], right: Sequence[bool], objects: int) -> float:
    """Area under the precision over the recall, each precision being the best at no less recall; 0 for no object."""
    if not objects:
        return 0.0
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    hits = np.cumsum(np.asarray(right, bool)[order])
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(best * np.diff(hits, prepend=0)) / objects)


def matched(found: Sequence[Detection], masks: Sequence[Mask]) -> list[bool]:
    """Whether each detection, best first, shows an object that no better one has shown."""
    free, right = list(masks), []
    for one in found:
        shares = [overlap(one.mask, mask) for mask in free]
        best = int(np.argmax(shares)) if shares else -1
        right.append(best >= 0 and shares[best] >= SAME_IOU)
        if right[-1]:
            del free[best]
    return right


def labelled(folder: Path) -> Iterable[tuple[RgbdFrame, list[tuple[str, Mask]]]]:
    """(frame, its objects as word and mask) of the validation pictures of a data set. A picture without a file of its
    frame has no depth."""
    names = check_data(folder / "data.yaml")
    pictures = sorted((folder / "images" / "val").glob("*.jpg"))
    if not pictures:
        raise ConfigError(f"{folder}: no pictures in images/val; make some with --test")
    for path in pictures:
        rgb = np.ascontiguousarray(read_picture(path, "test picture", cv2.IMREAD_COLOR)[..., ::-1])
        size = np.array([rgb.shape[1], rgb.shape[0]])
        objects = []
        for line in read_text(folder / "labels" / "val" / f"{path.stem}.txt", "file of labels").splitlines():
            number, *values = line.split() or [""]
            if number:
                mask = np.zeros(rgb.shape[:2], np.uint8)
                cv2.fillPoly(mask, [np.floor(np.array(values, float).reshape(-1, 2) * size).astype(np.int32)], 1)
                objects.append((names[int(number)], mask.astype(bool)))
        height, width = rgb.shape[:2]
        depth = folder / "frames" / "val" / f"{path.stem}.npz"
        if depth.is_file():
            yield read_frame(path, depth).frame, objects
        else:
            camera = Intrinsics(width, height, width, width, width / 2, height / 2)
            yield RgbdFrame(rgb, np.zeros((height, width), np.float32), camera, Pose.identity(), 0.0), objects


def measure(folder: Path, detector: OnnxDetector, *, plain: bool = False) -> dict[str, Any]:
    """AP50 of the masks by word, and its mean over the words that the test pictures show. plain: by colour alone."""
    scores: dict[str, list[float]] = {}
    right: dict[str, list[bool]] = {}
    count: dict[str, int] = {}
    for frame, objects in labelled(folder):
        if plain or not frame.registered:
            bare = replace(frame, depth=np.zeros_like(frame.depth))
            found = detector.detect(bare, list(detector.labels), LEAST_SCORE)
        else:
            found = look_for(detector, frame, list(detector.labels), LEAST_SCORE)
        for word in {*detector.labels, *(word for word, _ in objects)}:
            own = sorted((one for one in found if one.label == word), key=lambda one: -one.score)
            masks = [mask for label, mask in objects if label == word]
            scores.setdefault(word, []).extend(one.score for one in own)
            right.setdefault(word, []).extend(matched(own, masks))
            count[word] = count.get(word, 0) + len(masks)
    shown = sorted(word for word, objects in count.items() if objects)
    by = {word: average_precision(scores[word], right[word], count[word]) for word in shown}
    return {
        "map50": float(np.mean(list(by.values()))) if by else 0.0,
        "by_word": {word: {"objects": count[word], "ap50": round(by[word], 3)} for word in shown},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detector", type=Path, nargs="+", default=[DEFAULT_WEIGHTS], metavar="FILE")
    parser.add_argument("--plain", action="store_true", help="by colour alone, also where there is depth")
    args = parser.parse_args()
    figures = {str(path): measure(args.data, OnnxDetector(path), plain=args.plain) for path in args.detector}
    sys.stdout.write(json_text(figures, indent=1) + "\n")
