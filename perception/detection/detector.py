"""Object detection by a YOLO segmentation network exported to ONNX (outputs as ultralytics writes them)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.detection import network_parts
from perception.detection.box_mask import box_mask
from perception.detection.foreground import is_background, is_too_large
from perception.detection.letterbox import Letterbox
from perception.detection.mask_head import BoxUV, Look, MaskHead
from perception.detection.outputs import form_of
from perception.detection.settings import DetectionSettings
from perception.networks.onnx_session import OnnxSession, read_network
from perception.networks.protocols import Enough
from perception.types import Detection, RgbdFrame

DEFAULT_WEIGHTS = Path(__file__).parents[1] / "weights" / "detector.onnx"
DEFAULT: Final = DetectionSettings()
GREY = 114
"""Of the border around a picture that does not fill the input, as in training."""
STRIDE = 32
"""The sides of the network's input are multiples of this."""
LARGEST = 4096


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A box at one zoom. box_uv: u0, v0, u1, v1 in the picture. mask: draws the mask; only for what is kept."""

    label: str
    score: float
    zoom: float
    box_uv: BoxUV
    mask: Callable[[], NDArray[np.bool_]]


class OnnxDetector:
    """A detector from an ONNX file; implements `Detector`.

    path: the network file; the shipped one by default. settings: how it looks and what it believes. A network of free
    size gets a smaller input for a smaller zoom. ModelError if the file is missing, corrupt or another network.

    The network has the input (1, 3, h, w), RGB 0..1, and answers in one of the forms of `perception.detection.outputs`.
    One without masks gives boxes, and depth the masks in them (`perception.detection.box_mask`). Its metadata has the
    class names under `names` and, where h and w are free, its usual [h, w] under `imgsz`.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS, *, settings: DetectionSettings = DEFAULT) -> None:
        self._settings = settings
        content = read_network(path, "detector")
        parts = network_parts.cut(content)
        finder = parts.finder if parts else content
        self._session = OnnxSession(path, "detector", channels=3, outputs=1, optional=1, content=finder)
        self.labels = self._names()
        self._free, self._size = self._input_size()
        self._form = form_of(self._session, len(self.labels), (STRIDE, STRIDE) if self._free else self._size)
        self._head = MaskHead(self._session, parts) if self._form.masks else None

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
        """Detections with one of the labels and at least min_score, best first. ConfigError for an unknown label.

        An object counts as that label that it fits best, of all that the network knows. Where depth speaks against it
        (`perception.detection.foreground`) its score is lowered. The remaining zooms are left out once `enough` holds
        for a detection that is sure and near, or, after a few looks, for any.
        """
        self._check(labels)
        candidates: list[_Candidate] = []
        detections: list[Detection] = []
        rule = self._settings
        for looks, zoom in enumerate(rule.zooms, 1):
            candidates += self._boxes_at(zoom, frame, labels, min_score)
            plain = [each for each in candidates if looks >= rule.few_looks or self._is_plain(each, frame)]
            if looks < len(rule.zooms) and not (enough and plain):
                continue
            detections, done = self._detections(candidates, frame, min_score, enough, plain=looks < rule.few_looks)
            if done:
                break
        return detections

    def glance(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        """As `detect`, with one look, not larger than the picture: for a frame in which things are small."""
        self._check(labels)
        zoom = min(max(self._settings.zooms), 1.0 / Letterbox.fit(frame.intrinsics.shape, self._size, 1.0).scale)
        candidates = self._boxes_at(zoom, frame, labels, min_score)
        return self._detections(candidates, frame, min_score, None, plain=False)[0]

    def _check(self, labels: Sequence[str]) -> None:
        """ConfigError for labels that are not known."""
        unknown = [label for label in labels if label not in self.labels]
        if unknown or not labels:
            asked = ", ".join(unknown) or "nothing"
            choices = ", ".join(self.labels[:10]) + (" ..." if len(self.labels) > 10 else "")
            raise ConfigError(f"the detector {self._session.path.name} does not know: {asked}. It knows: {choices}")

    def _boxes_at(self, zoom: float, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[_Candidate]:
        """What the network finds in the picture as it sees it at one zoom, best first."""
        network = self._size_at(zoom)
        box = Letterbox.fit(frame.intrinsics.shape, self._size, zoom).centred(network, self._size)
        raw, *features = self._session.run(_tensor(frame.rgb, box, network, self._settings.smoothing_px))
        if not self._form.fits(raw.shape) or raw.shape[0] != 1 or raw.dtype.kind != "f":
            raise self._session.error(f"expected a first output {self._form.shape}, got {raw.shape}")
        rows = self._form.rows(raw)
        classes = [self.labels.index(label) for label in labels]
        rows = rows.part(np.flatnonzero(np.isin(rows.classes, classes) & (rows.scores >= max(min_score, 1e-6))))
        chosen = suppress_overlaps(rows.corners, rows.scores, self._settings.max_overlap)
        candidates = []
        for index in chosen[: self._settings.most]:
            corner = _clip(box.boxes(rows.corners[index : index + 1])[0], frame.intrinsics.shape)
            if self._head is None:
                draw = partial(box_mask, frame, corner, self._settings.boxes)
            else:
                look = Look(frame.rgb, box, network, self._head.checked(features[0]))
                draw = partial(self._head.draw, look, rows.coefficients[index], corner)
            label, score = self.labels[int(rows.classes[index])], float(rows.scores[index])
            candidates.append(_Candidate(label, score, zoom, corner, cache(draw)))
        return candidates

    def _size_at(self, zoom: float) -> tuple[int, int]:
        """(height, width) of the input for a zoom: the usual one, or if that is free as little as holds the picture."""
        if not self._free:
            return self._size
        height, width = (STRIDE * int(np.ceil(side * zoom / STRIDE)) for side in self._size)
        return height, width

    def _is_plain(self, detection: _Candidate | Detection, frame: RgbdFrame) -> bool:
        """Whether it is sure and near enough to need no further look."""
        u0, v0, u1, v1 = detection.box_uv
        large = max(u1 - u0, v1 - v0) >= self._settings.near * frame.intrinsics.height
        return detection.score >= self._settings.sure and large

    def _detections(
        self, candidates: Sequence[_Candidate], frame: RgbdFrame, min_score: float, enough: Enough | None, plain: bool
    ) -> tuple[list[Detection], bool]:
        """What was found at all zooms, each object once, best first, and whether it is enough.

        An object has its best score, and the mask of the largest zoom that is about as sure, where masks are finest.
        The work ends early with a detection that is enough (and plain, if it must be) and better than all that are
        left.
        """
        rule = self._settings
        corners = np.array([each.box_uv for each in candidates], dtype=np.float64).reshape(-1, 4)
        detections: list[Detection] = []
        reached = -1.0
        for index in suppress_overlaps(corners, np.array([each.score for each in candidates]), rule.max_overlap):
            best = candidates[index]
            if best.score <= reached:
                break
            shares = overlaps(corners[index], corners)
            same = [
                each
                for each, share in zip(candidates, shares, strict=True)
                if share > rule.max_overlap and each.label == best.label
            ]
            sure = [each for each in same if each.score >= rule.as_sure * best.score]
            shown = max([best, *sure], key=lambda each: each.zoom)
            mask = shown.mask()
            if not mask.any():
                continue
            seen = frame.depth, mask, frame.intrinsics.fx, rule.foreground
            doubt = rule.doubted if is_background(*seen) or is_too_large(*seen) else 1.0
            detection = Detection(best.label, doubt * best.score, mask, shown.box_uv)
            if detection.score < min_score:
                continue
            detections.append(detection)
            if enough and (self._is_plain(detection, frame) or not plain) and enough(detection):
                reached = max(reached, detection.score)
        return sorted(detections, key=lambda detection: -detection.score), reached >= 0.0


def _tensor(
    rgb: NDArray[np.uint8], box: Letterbox, network: tuple[int, int], smoothing_px: float
) -> NDArray[np.float32]:
    """(1, 3, h, w) input: the picture smoothed, as the training's crops are before they shrink, and fitted."""
    soft = cv2.GaussianBlur(rgb, (0, 0), smoothing_px / box.scale) if box.scale < 1 else rgb
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
    shared, own, other = (np.prod(np.maximum(side, 0.0), axis=-1) for side in sides)
    return np.asarray(shared / np.maximum(own + other - shared, 1e-9))


def suppress_overlaps(corners: NDArray[np.float64], scores: NDArray[np.float64], max_overlap: float) -> list[int]:
    """Indices of the boxes that no better-scored kept box overlaps by more than `max_overlap` (IoU), best first.

    corners: (n, 4) as u0, v0, u1, v1. scores: (n,). Ties keep the input's order.
    """
    order = np.argsort(-scores, kind="stable")[:300]
    kept: list[int] = []
    while order.size:
        first, order = int(order[0]), order[1:]
        kept.append(first)
        order = order[overlaps(corners[first], corners[order]) <= max_overlap]
    return kept


def _clip(corner: NDArray[np.float64], shape: tuple[int, int]) -> BoxUV:
    u0, v0, u1, v1 = (float(value) for value in corner)
    height, width = shape
    return max(0.0, u0), max(0.0, v0), min(float(width), u1), min(float(height), v1)
