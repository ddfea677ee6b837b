"""What depth says about what a detector found: the object's own mask, and how well its word fits size and shape.

For depth that fits the colour pixel for pixel. Each candidate is cut where its mask lies on the ground or spans a step
in depth. A piece of the depth that fits it well takes its place. Then each word that names a vessel is tried: its score
is less where the size in metres, or the shape, speaks against it. On one object the words compete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.by_depth.layers import Layers, Mask
from perception.detection.settings import JudgeSettings, WordSettings
from perception.types import Detection, RgbdFrame

Answer = TypeVar("Answer")

DEFAULT: Final = JudgeSettings()
WORDS: Final = ("bottle", "mug", "can")
"""Words that depth tells apart by shape; all of them are vessels. A name of a network that counts as several of them
counts as the first."""
SIZED: Final = frozenset(entry.name for entry in fields(WordSettings))
"""Words whose size depth can judge."""
LEVEL_SHARE: Final = 0.5
"""Of what is seen of an object, that must be above a ground, for its height to be known."""
SURE: Final = 0.25
"""The score from which a detection is believed where nothing else is asked for."""
LEAST_PX: Final = 12
"""What has less depth is not measured."""
LOW_M: Final = 0.05
"""What is lower shows too little of its shape."""


@dataclass(frozen=True)
class Measures:
    """Of an object, as far as it is seen. width_m, length_m: of its outline. depth_share: of the mask, with depth.
    whole: the picture's border cuts nothing off it.

    tall_m: height above its foot, and hollow, taper: share of its inside, and width of its upper end over its middle's;
    0, 0 and 1 where no ground is seen under it.
    """

    depth_share: float
    width_m: float = 0.0
    length_m: float = 0.0
    tall_m: float = 0.0
    hollow: float = 0.0
    taper: float = 1.0
    whole: bool = True


def judge(
    frame: RgbdFrame,
    candidates: Sequence[Detection],
    layers: Layers,
    settings: JudgeSettings = DEFAULT,
    min_score: float = 0.0,
) -> list[Detection]:
    """The candidates as depth sees them, best first: each object once for each word that it may be.

    frame: with registered depth. candidates: of a detector, also unsure ones. layers: of the frame. min_score: least of
    an answer; answers are scaled so that `settings.alarm` becomes `SURE`. A candidate with a label of `WORDS` is tried
    as each of them; one of `SIZED` is judged by size alone, and others keep their score.
    """
    down, least = down_rad(frame), min_score ** (1.0 / _power(settings))
    tried: list[tuple[str, float, int]] = []  # word, score, which mask
    masks: list[Mask] = []
    for candidate in candidates:
        mask = own_mask(layers.small(candidate.mask), layers, settings)
        measures = measure(mask, layers, settings)
        if measures.depth_share < settings.least_depth:
            continue
        masks.append(mask)
        if candidate.label not in WORDS:
            factor = fit(candidate.label, measures, down, settings) if candidate.label in SIZED else 1.0
            tried.append((candidate.label, candidate.score * factor, len(masks) - 1))
            continue
        for word in WORDS:
            factor = 1.0 if word == candidate.label else settings.another
            tried.append((word, candidate.score * factor * fit(word, measures, down, settings), len(masks) - 1))
    tried.sort(key=lambda each: -each[1])
    shares = overlaps(masks, masks)
    kept: list[tuple[str, float, int]] = []
    beaten: list[bool] = []
    for word, score, index in tried:
        same = [each for each in kept if shares[each[2], index] > settings.same]
        if all(each[0] != word for each in same):
            kept.append((word, score, index))
            beaten.append(any(each[1] > score for each in same))
    judged = [
        (score * settings.beaten if lost else score, word, index)
        for (word, score, index), lost in zip(kept, beaten, strict=True)
    ]
    return [
        detection_of_mask(word, score ** _power(settings), layers.full(masks[index]))
        for score, word, index in sorted(judged, key=lambda each: -each[0])
        if score >= least
    ]


def least_candidate(min_score: float, settings: JudgeSettings = DEFAULT) -> float:
    """The least score of a candidate that can be an answer of at least min_score, and is looked at."""
    return float(max(min_score ** (1.0 / _power(settings)), settings.candidates))


def _power(settings: JudgeSettings) -> float:
    """Of the scores, which makes `settings.alarm` to `SURE`."""
    return float(np.log(SURE) / np.log(min(settings.alarm, 0.99)))


def is_too_large(one: Detection, frame: RgbdFrame, settings: JudgeSettings = DEFAULT) -> bool:
    """Whether a detection is far too large for its word. For depth that is not registered: no more can be told there,
    and what seems too small may be cut off or partly hidden."""
    returned = frame.depth[one.mask & (frame.depth > 0)]
    if one.label not in SIZED or returned.size < LEAST_PX:
        return False
    near_m = float(np.quantile(returned, 0.25))  # some of it may be of what lies behind
    sides = cv2.minAreaRect(np.argwhere(one.mask)[:, ::-1].astype(np.float32))[1]
    narrow_m, long_m = (side * near_m / frame.intrinsics.fx for side in sorted(sides))
    _, wide, _, high = getattr(settings.words, one.label)
    return bool(narrow_m > settings.larger * wide or long_m > settings.larger * high)


def down_rad(frame: RgbdFrame) -> float:
    """How far a frame's camera looks down, radians below level."""
    return float(np.arcsin(np.clip(-frame.world_from_camera.rotation[2, 2], -1.0, 1.0)))


def detection_of_mask(label: str, score: float, mask: Mask) -> Detection:
    """A detection with the box of its mask (H, W), which is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1
    return Detection(label, score, mask, box)


def overlaps(first: Sequence[Mask], second: Sequence[Mask]) -> NDArray[np.float32]:
    """(M, N) intersection over union of each of M masks (h, w) with each of N."""
    if not first or not second:
        return np.zeros((len(first), len(second)), np.float32)
    one, other = (np.stack([mask.ravel() for mask in masks]).astype(np.float32) for masks in (first, second))
    shared = one @ other.T
    return np.asarray(shared / np.maximum(one.sum(axis=1)[:, None] + other.sum(axis=1) - shared, 1.0), np.float32)


def _remembered(
    rule: Callable[[Mask, Layers, JudgeSettings], Answer],
) -> Callable[[Mask, Layers, JudgeSettings], Answer]:
    """The rule, with answers kept beside the layers: after each look the masks of those before are judged again."""

    @wraps(rule)
    def answer(mask: Mask, layers: Layers, settings: JudgeSettings) -> Answer:
        key: Any = rule.__name__, settings, mask.tobytes()
        if key not in layers.known:
            layers.known[key] = rule(mask, layers, settings)
        known: Answer = layers.known[key]
        return known

    return answer


@_remembered
def own_mask(mask: Mask, layers: Layers, settings: JudgeSettings) -> Mask:
    """The part of a mask (h, w) that is one object, or the piece of the depth that it shows."""
    whole = cut(mask, layers, settings)
    if not layers.pieces:
        return whole
    flat, sizes = layers.outlines
    shared = flat @ whole.ravel().astype(np.float32)
    shares = shared / np.maximum(sizes + float(np.count_nonzero(whole)) - shared, 1.0)
    best = int(np.argmax(shares))
    return layers.pieces[best] if shares[best] >= settings.piece else whole


def cut(mask: Mask, layers: Layers, settings: JudgeSettings) -> Mask:
    """A mask (h, w) without the ground and what lies a step behind or before it; pixels without depth stay."""
    depth = layers.depth
    left = mask & ~layers.ground
    returned = left & (depth > 0)
    if returned.any():
        middle = float(np.median(depth[returned]))
        left &= (depth == 0) | ((depth < middle + settings.behind_m) & (depth > middle - settings.before_m))
    if np.count_nonzero(left) < settings.least_left * np.count_nonzero(mask):
        return mask
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(left.astype(np.uint8), connectivity=8)
    return np.asarray(labels == 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))) if count > 2 else left


@_remembered
def measure(mask: Mask, layers: Layers, settings: JudgeSettings) -> Measures:
    """The measures of the object of a mask (h, w)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return Measures(0.0)
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside, depth, height = mask[window], layers.depth[window], layers.height[window]
    shown = inside & (depth > 0) & ~layers.ground[window]
    share = float(shown.sum() / inside.sum())
    if int(shown.sum()) < LEAST_PX:
        return Measures(0.0)
    pixel_m = float(np.median(layers.pixel_m[window][shown]))
    points = np.argwhere(inside)[:, ::-1].astype(np.float32)
    sides = cv2.minAreaRect(points)[1]
    width_m, length_m = (min(sides) + 1.0) * pixel_m, (max(sides) + 1.0) * pixel_m
    last = mask.shape[0] - 1, mask.shape[1] - 1
    whole = bool(min(rows[0], columns[0]) > 0 and rows[-1] < last[0] and columns[-1] < last[1])
    raised = shown & (height > 0)
    if float(raised.sum()) < LEVEL_SHARE * float(shown.sum()):
        return Measures(share, width_m, length_m, whole=whole)
    foot_m, top_m = (float(value) for value in np.quantile(height[raised], (0.03, 0.97)))
    tall_m = top_m if foot_m < LOW_M else top_m - foot_m
    from_below = np.where(raised, height, -1.0)[::-1]
    below_rim = np.maximum.accumulate(from_below, axis=0) - from_below
    inner = (below_rim > max(settings.inner_m, 0.2 * top_m)) & (from_below >= 0)
    middle = slice(inside.shape[1] // 5, max(4 * inside.shape[1] // 5, inside.shape[1] // 5 + 1))
    hollow = float(inner[:, middle].sum() / max(int((from_below[:, middle] >= 0).sum()), 1))
    upper = _breadth(raised & (height > 0.85 * top_m))
    waist = _breadth(raised & (height > 0.3 * top_m) & (height < 0.6 * top_m))
    return Measures(share, width_m, length_m, tall_m, hollow, upper / waist if waist else 1.0, whole)


def _breadth(mask: Mask) -> int:
    columns = np.flatnonzero(mask.any(axis=0))
    return int(columns[-1] - columns[0]) + 1 if columns.size else 0


def fit(word: str, seen: Measures, down_rad: float, settings: JudgeSettings = DEFAULT) -> float:
    """Factor of the score of a word of `SIZED`, 1 if size and shape fit it. down_rad: how far the camera looks down.

    What the picture's border cuts off cannot be too small, and does not show its shape.
    """
    narrow, wide, low, high = getattr(settings.words, word)
    if not seen.whole:
        narrow = low = 0.0
    known = seen.tall_m > 0
    standing = _within(seen.width_m, narrow, wide) and _within(seen.tall_m if known else seen.length_m, low, high)
    lying = known and seen.length_m > 1.3 * seen.tall_m
    lying = lying and _within(seen.tall_m, narrow, wide) and _within(seen.length_m, low, high)
    factor = 1.0 if standing or lying else settings.size
    told = known and seen.whole and word in WORDS
    return factor * settings.shape if told and not _shaped(word, seen, down_rad, settings) else factor


def _within(value: float, low: float, high: float) -> bool:
    return 0.9 * low <= value <= 1.1 * high


def _shaped(word: str, seen: Measures, down_rad: float, settings: JudgeSettings) -> bool:
    """Whether hollow, neck and proportions are those of the word."""
    if seen.tall_m < LOW_M:
        return word == "can" or (word == "bottle" and seen.length_m > settings.words.bottle[2])
    slim = seen.tall_m / max(seen.width_m, 1e-3)
    bottle_from, mug_to, can_to = settings.slim
    if word == "mug":
        closed = down_rad > settings.inside_rad and seen.hollow <= settings.hollow
        return not closed and seen.taper >= settings.neck and slim <= mug_to
    if seen.hollow > settings.closed:
        return False
    necked = seen.taper < settings.neck
    return slim <= can_to and not necked if word == "can" else necked or slim >= bottle_from
