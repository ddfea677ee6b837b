"""Object detection by a YOLO segmentation network exported to ONNX (outputs as ultralytics writes them)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.detection import network_parts
from perception.detection.foreground import is_background, is_too_large
from perception.detection.letterbox import Letterbox
from perception.detection.mask_head import PROTOTYPES, BoxUV, Look, MaskHead
from perception.networks.onnx_session import OnnxSession, read_network
from perception.networks.protocols import Enough
from perception.types import Detection, RgbdFrame

DEFAULT_WEIGHTS = Path(__file__).parents[1] / "weights" / "detector.onnx"
MAX_OVERLAP = 0.5
MAX_DETECTIONS = 20
GREY = 114
STRIDE = 32
"""Of the network: its input's sides are multiples of this."""
LARGEST = 4096
ZOOMS = (0.75, 0.45, 1.0)
FEW_LOOKS = 2
"""After which any detection is taken, if only one is wanted."""
SURE, NEAR = 0.4, 0.3
"""Score, and longer side of the box as a share of the picture's height, from which an object need not be looked at
again: small ones get better masks from the largest zoom."""
DOUBTED = 0.5
"""Factor of the score of what depth speaks against: now and then it is an object all the same."""
SMOOTHING = 0.4
"""Standard deviation in input pixels (training.detector.rendered.crops)."""


@dataclass(frozen=True, eq=False)
class _Found:
    """box_uv: u0, v0, u1, v1 in the picture. mask: draws the mask, which takes its time and is done for what is kept
    only."""

    label: str
    score: float
    zoom: float
    box_uv: BoxUV
    mask: Callable[[], NDArray[np.bool_]]


class OnnxDetector:
    """A detector from an ONNX file; implements `Detector`.

    path: of the network, the shipped one by default.
    The network: input (1, 3, h, w) RGB 0..1; output 0 (1, 4 + classes + 32, anchors) with boxes as centre and size in
    input pixels; output 1 (1, 32, h/4, w/4) mask prototypes; in its metadata the class names under `names` and, where
    h and w are free, its usual [h, w] under `imgsz`.
    zooms: the picture is looked at once at each of these scales, in this order, because near objects fill more of it
    than those of the training pictures; a network of free size gets a smaller input for a smaller zoom.
    ModelError if the file is missing, corrupt or another network.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS, *, zooms: tuple[float, ...] = ZOOMS) -> None:
        self._zooms = zooms
        content = read_network(path, "detector")
        parts = network_parts.cut(content)
        self._session = OnnxSession(path, "detector", channels=3, outputs=2, content=parts.finder if parts else content)
        self._head = MaskHead(self._session, parts)
        self.labels = self._names()
        self._free, self._size = self._input_size()

    def _input_size(self) -> tuple[bool, tuple[int, int]]:
        """Whether the input's size is free, and its usual (height, width)."""
        shape = self._session.input_shape[2:]
        free = not all(isinstance(side, int) for side in shape)
        size = self._metadata("imgsz") if free else shape
        match size:
            case [int(height), int(width)] if min(height, width) >= STRIDE and max(height, width) <= LARGEST:
                return free, (height, width)
        expected = f"expected a fixed input size of {STRIDE} to {LARGEST}, or `imgsz` in its metadata"
        raise self._session.error(f"{expected}; has {self._session.input_shape}")

    def _metadata(self, key: str) -> Any:
        """The Python value of a metadata entry; None if it is missing or none."""
        try:
            return ast.literal_eval(self._session.metadata.get(key) or "")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None

    def _names(self) -> tuple[str, ...]:
        text, names = self._session.metadata.get("names"), self._metadata("names")
        if not isinstance(names, dict) or set(names) != set(range(len(names))) or not names:
            raise self._session.error(f"its metadata has no class names (`names` is {str(text)[:80]!r})")
        return tuple(str(names[index]) for index in range(len(names)))

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        """Detections with one of the labels and at least min_score, best first; an object counts as the label of all
        the network knows that it fits best, and a score is halved where depth says that it is none
        (`perception.detection.foreground`). The remaining zooms are left out once `enough` holds for a detection that
        is SURE and NEAR, or after FEW_LOOKS for any. ConfigError for an unknown label."""
        unknown = [label for label in labels if label not in self.labels]
        if unknown or not labels:
            asked = ", ".join(unknown) or "nothing"
            choices = ", ".join(self.labels[:10]) + (" ..." if len(self.labels) > 10 else "")
            raise ConfigError(f"the detector {self._session.path.name} does not know: {asked}. It knows: {choices}")
        found: list[_Found] = []
        detections: list[Detection] = []
        for looks, zoom in enumerate(self._zooms, 1):
            found += self._boxes_at(zoom, frame, labels, min_score)
            plain = [one for one in found if looks >= FEW_LOOKS or _is_plain(one, frame)]
            if looks < len(self._zooms) and not (enough and plain):
                continue
            detections, done = _detections(found, frame, min_score, enough, plain=looks < FEW_LOOKS)
            if done:
                break
        return detections

    def _boxes_at(self, zoom: float, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[_Found]:
        """What the network finds in the picture as it sees it at one zoom, best first."""
        network = self._size_at(zoom)
        box = Letterbox.fit(frame.intrinsics.shape, self._size, zoom).centred(network, self._size)
        raw, features = self._session.run(_tensor(frame.rgb, box, network))
        self._head.check(features)
        rows, look = self._rows(raw), Look(frame.rgb, box, network, features)
        classes = [self.labels.index(label) for label in labels]
        scores = rows[:, 4 : 4 + len(self.labels)]
        likeliest, best = scores.argmax(axis=1), scores.max(axis=1)
        keep = np.flatnonzero(np.isin(likeliest, classes) & (best >= max(min_score, 1e-6)))
        centre, size = rows[keep, :2].astype(np.float64), rows[keep, 2:4].astype(np.float64)
        corners = np.hstack([centre - size / 2, centre + size / 2])
        chosen = suppress_overlaps(corners, best[keep].astype(np.float64))
        found = []
        for index in chosen[:MAX_DETECTIONS]:
            row = keep[index]
            corner = _clip(box.boxes(corners[index : index + 1])[0], frame.intrinsics.shape)
            mask = cache(partial(self._head.draw, look, rows[row, -PROTOTYPES:], corner))
            found.append(_Found(self.labels[int(likeliest[row])], float(best[row]), zoom, corner, mask))
        return found

    def _size_at(self, zoom: float) -> tuple[int, int]:
        """(height, width) of the input for a zoom: the usual one, or if that is free as little as holds the picture."""
        if not self._free:
            return self._size
        height, width = (STRIDE * int(np.ceil(side * zoom / STRIDE)) for side in self._size)
        return height, width

    def _rows(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """(anchors, 4 + classes + 32) from output 0; ModelError if it is not that of a segmentation network."""
        width = 4 + len(self.labels) + PROTOTYPES
        if raw.ndim != 3 or raw.shape[:2] != (1, width) or raw.dtype.kind != "f":
            raise self._session.error(f"expected a first output (1, {width}, anchors), got {raw.shape}")
        return np.asarray(np.nan_to_num(raw[0].T), np.float32)


def _is_plain(one: _Found | Detection, frame: RgbdFrame) -> bool:
    """SURE and NEAR."""
    u0, v0, u1, v1 = one.box_uv
    return one.score >= SURE and max(u1 - u0, v1 - v0) >= NEAR * frame.intrinsics.height


def _detections(
    found: Sequence[_Found], frame: RgbdFrame, min_score: float, enough: Enough | None, plain: bool
) -> tuple[list[Detection], bool]:
    """What was found at all zooms, each object once, best first: with its best score, and as the largest zoom shows
    it, where masks are finest. Ends early, and says so, with one that is enough (and plain, if it must be) and better
    than all that are left."""
    corners = np.array([one.box_uv for one in found], dtype=np.float64).reshape(-1, 4)
    detections: list[Detection] = []
    reached = -1.0
    for index in suppress_overlaps(corners, np.array([one.score for one in found])):
        best = found[index]
        if best.score <= reached:
            break
        shares = overlaps(corners[index], corners)
        same = [
            one for one, share in zip(found, shares, strict=True) if share > MAX_OVERLAP and one.label == best.label
        ]
        shown = max([best, *same], key=lambda one: one.zoom)
        mask = shown.mask()
        if mask.any():
            seen = frame.depth, mask, frame.intrinsics.fx
            doubt = DOUBTED if is_background(*seen) or is_too_large(*seen) else 1.0
            one = Detection(best.label, doubt * best.score, mask, shown.box_uv)
            if one.score < min_score:
                continue
            detections.append(one)
            if enough and (_is_plain(one, frame) or not plain) and enough(one):
                reached = max(reached, one.score)
    return sorted(detections, key=lambda one: -one.score), reached >= 0.0


def _tensor(rgb: NDArray[np.uint8], box: Letterbox, network: tuple[int, int]) -> NDArray[np.float32]:
    """(1, 3, h, w) input: the picture smoothed, as the training's crops are before they shrink, and fitted."""
    soft = cv2.GaussianBlur(rgb, (0, 0), SMOOTHING / box.scale) if box.scale < 1 else rgb
    fitted: NDArray[np.uint8] = cv2.warpAffine(
        soft,
        box.matrix(),
        (network[1], network[0]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(GREY,) * 3,
    )
    return np.ascontiguousarray(fitted.transpose(2, 0, 1)[None], np.float32) * np.float32(1 / 255)


def overlaps(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) intersection over union of a box, (4,) as u0, v0, u1, v1, with each of (n, 4)."""
    low, high = np.maximum(others[:, :2], box[:2]), np.minimum(others[:, 2:], box[2:])
    sides = (high - low, box[2:] - box[:2], others[:, 2:] - others[:, :2])
    shared, one, each = (np.prod(np.maximum(side, 0.0), axis=-1) for side in sides)
    return np.asarray(shared / np.maximum(one + each - shared, 1e-9))


def suppress_overlaps(corners: NDArray[np.float64], scores: NDArray[np.float64]) -> list[int]:
    """Indices of the boxes that no better-scored kept box overlaps by more than MAX_OVERLAP (IoU), best first.

    corners: (n, 4) as u0, v0, u1, v1. scores: (n,). Ties keep the input's order.
    """
    order = np.argsort(-scores, kind="stable")[:300]
    kept: list[int] = []
    while order.size:
        first, order = int(order[0]), order[1:]
        kept.append(first)
        order = order[overlaps(corners[first], corners[order]) <= MAX_OVERLAP]
    return kept


def _clip(corner: NDArray[np.float64], shape: tuple[int, int]) -> BoxUV:
    u0, v0, u1, v1 = (float(value) for value in corner)
    height, width = shape
    return max(0.0, u0), max(0.0, v0), min(float(width), u1), min(float(height), v1)
