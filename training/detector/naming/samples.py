"""Samples for the network that names things: what a run would show it in furnished rooms, and what that truly is.

`python -m training.detector.naming.samples --data DIR [--detector FILE] [--seed S]`

--data: what `python -m training.detector.furnished.pictures --depth` wrote. Writes samples/{train,val}/NAME.npz there,
one for each picture: shown (K, 7, 64, 64) uint8, values (K, 10), word (K,) uint8, index in `WORDS` or their number for
none, and fits (K,), 0..1, how well the mask is that object's. An interrupted run continues.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.naming.samples")

import argparse
import io
import sys
import zlib
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.detection.by_depth.judge import overlaps
from perception.detection.by_depth.layers import layers_of
from perception.detection.by_depth.namer_input import DEPTH, VALUE_NAMES, VALUES, namer_input
from perception.detection.by_depth.proposals import Proposal, propose
from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector
from perception.detection.settings import DetectionSettings, JudgeSettings
from perception.networks.protocols import Detector
from training.detector.furnished.frames import RoomFrame, read_frame
from training.detector.rendered.composite import MIN_PIXELS, SIZE_PX
from training.detector.words import WORDS

NONE: Final = len(WORDS)
LEAST_SCORE: Final = 0.02
LOOKS: Final = (0.75,)
"""One look is enough to get outlines as a detector draws them."""
FITS: Final = (0.4, 0.8)
"""A mask with the first overlap (IoU) is none of the object, one with the second is in full."""
NEGATIVES: Final = 12
"""Of a picture, at most, are shown that are nothing with a word."""
RESIZED_PX: Final = 3


def fits_of(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """0..1, how well masks are an object's, of their overlaps (IoU) with it."""
    low, high = FITS
    return np.asarray(np.clip((shares - low) / (high - low), 0.0, 1.0))


def objects_of(room: RoomFrame) -> list[tuple[int, NDArray[np.bool_]]]:
    """(word, mask (H, W)) of what is seen well enough to have a label."""
    least = MIN_PIXELS * (room.instances.shape[0] / SIZE_PX) ** 2
    masks = [(WORDS.index(word), room.instances == number) for number, word in enumerate(room.words, 1)]
    return [(word, mask) for word, mask in masks if np.count_nonzero(mask) >= least]


def samples_of(room: RoomFrame, detector: Detector, rng: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    """The samples of a picture, as they are written; the true masks, grown or shrunk a little, are among them."""
    settings = JudgeSettings()
    layers = layers_of(room.frame, settings.layers)
    objects = objects_of(room)
    proposals = propose(layers, detector.detect(room.frame, detector.labels, LEAST_SCORE), settings)
    for _, mask in objects:
        drawn = _resized(mask, rng)
        small = layers.small(drawn)
        if small.any():
            proposals.append(Proposal(small, cv2.boundingRect(small.view(np.uint8)), drawn))
    words, fits = np.full(len(proposals), NONE, np.uint8), np.zeros(len(proposals))
    if objects and proposals:
        masks = [layers.full(one.mask) if one.drawn is None else one.drawn for one in proposals]
        shares = overlaps(masks, [mask for _, mask in objects])
        best = shares.argmax(axis=1)
        fits = fits_of(shares.max(axis=1).astype(np.float64))
        words = np.where(fits > 0, np.array([word for word, _ in objects])[best], NONE).astype(np.uint8)
    nothing = np.flatnonzero(fits == 0)
    kept = np.sort(np.concatenate([np.flatnonzero(fits > 0), rng.permutation(nothing)[:NEGATIVES]]))
    tensor = namer_input(room.frame, layers, [proposals[index] for index in kept])
    values = tensor[:, VALUES, 0, : len(VALUE_NAMES)].astype(np.float32)
    tensor[:, DEPTH] = 0.5 * (tensor[:, DEPTH] + 1.0)
    shown = np.rint(255.0 * tensor[:, :VALUES]).astype(np.uint8)
    return {"shown": shown, "values": values, "word": words[kept], "fits": fits[kept].astype(np.float32)}


def _resized(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A mask grown or shrunk by up to RESIZED_PX pixels."""
    size = int(rng.integers(-RESIZED_PX, RESIZED_PX + 1))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(size) + 1,) * 2)
    changed = (cv2.dilate if size > 0 else cv2.erode)(mask.astype(np.uint8), kernel) > 0
    return changed if size and changed.any() else mask


def write_samples(data: Path, detector: Detector, seed: int) -> int:
    """Write the missing samples of all frames of a data set; returns how many. ConfigError if it has no frames."""
    frames = sorted(data.glob("frames/*/*.npz"))
    if not frames:
        raise ConfigError(f"{data}: no frames; make pictures with --depth")
    count = 0
    for path in frames:
        part, name = path.parent.name, path.stem
        target, picture = data / "samples" / part / path.name, data / "images" / part / f"{name}.jpg"
        if target.exists() or not picture.exists():
            continue
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        content = io.BytesIO()
        np.savez(content, **samples_of(read_frame(picture, path), detector, rng))  # type: ignore[arg-type]
        write_atomic(target, content.getvalue(), parents=True)
        count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detector", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    detector = OnnxDetector(args.detector, settings=DetectionSettings(zooms=LOOKS))
    sys.stdout.write(f"{write_samples(args.data, detector, args.seed)} pictures\n")
