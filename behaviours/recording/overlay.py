"""Drawings over a picture: outlines of detections; the quality that a grasp was chosen by, with the grasp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.hand.family import WAYS
from perception.types import Detection, Grasp, Heatmap, RgbdFrame

DIM = 0.45
"""Brightness of the picture outside the object."""
BAR = (12, 160, 16, 24)
"""The colour scale: width, height, distance from the right and from the top, pixels."""
WHITE = (255, 255, 255)


SURE, DOUBTED = (90, 220, 90), (160, 160, 160)
"""BGR of outlines."""


def detections_picture(frame: RgbdFrame, detections: Sequence[Detection], sure: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR: the picture with the outlines of the detections, numbered; the first `sure` are green."""
    picture: NDArray[np.uint8] = np.ascontiguousarray(frame.rgb[..., ::-1])
    for index, one in reversed(list(enumerate(detections))):
        edge, _ = cv2.findContours(one.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, edge, -1, SURE if index < sure else DOUBTED, 2)
        place = round(one.box_uv[0]) + 4, max(round(one.box_uv[1]) - 5, 12)
        _write(picture, f"{index:02d} {one.label} {one.score:.2f}", place)
    return picture


def heatmap_picture(frame: RgbdFrame, detection: Detection, heatmap: Heatmap, grasp: Grasp | None) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR. Quality 0 is blue, 1 is red; a cross in a ring marks the chosen pixel. The quality is that
    of the grasp's way; there is none where it was chosen by shape."""
    grey = cv2.cvtColor(cv2.cvtColor(np.ascontiguousarray(frame.rgb), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2BGR)
    picture: NDArray[np.uint8] = (grey * DIM).astype(np.uint8)
    quality, mask = chosen_by(heatmap, grasp), detection.mask
    if quality is None:
        picture[mask] = grey[mask]
    else:
        colours = cv2.applyColorMap((np.clip(quality, 0.0, 1.0) * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
        picture[mask] = (0.3 * grey[mask] + 0.7 * colours[mask]).astype(np.uint8)
        _scale(picture)
    edge, _ = cv2.findContours(detection.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, edge, -1, WHITE, 1)
    text = f"{detection.label} {detection.score:.2f}"
    if grasp is not None:
        u, v = (round(float(value)) for value in grasp.pixel_uv)
        cv2.circle(picture, (u, v), 9, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.circle(picture, (u, v), 9, WHITE, 1, cv2.LINE_AA)
        cv2.drawMarker(picture, (u, v), WHITE, cv2.MARKER_CROSS, 13, 1, cv2.LINE_AA)
        text += f"   grasp {grasp.score:.2f} at ({u}, {v}), {grasp.depth_m:.3f} m, width {1000 * grasp.width_m:.0f} mm"
        text += f", {grasp.way}" if grasp.way else ""
    _write(picture, text, (10, picture.shape[0] - 12))
    return picture


def chosen_by(heatmap: Heatmap, grasp: Grasp | None) -> NDArray[np.float32] | None:
    """(H, W) that the grasp was chosen by: of the heatmap, or of its way; None if it was chosen by shape."""
    if grasp is None or grasp.way is None:
        return heatmap.quality
    if heatmap.ways is None:
        return None
    way = next(index for index, way in enumerate(WAYS) if way.name == grasp.way)
    (left, top), scale = heatmap.ways.corner_uv, heatmap.ways.scale
    first = 0.5 * scale - 0.5
    place = np.array([[scale, 0.0, left + first], [0.0, scale, top + first]])
    height, width = heatmap.quality.shape
    laid = cv2.warpAffine(heatmap.ways.quality[way], place, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(laid, np.float32)


def _scale(picture: NDArray[np.uint8]) -> None:
    """Draw the colour scale with its ends named, where the picture is large enough."""
    width, height, right, top = BAR
    if picture.shape[0] < height + 2 * top or picture.shape[1] < 4 * (width + right):
        return
    left = picture.shape[1] - right - width
    ramp = np.linspace(255, 0, height).astype(np.uint8)[:, None].repeat(width, axis=1)
    picture[top : top + height, left : left + width] = cv2.applyColorMap(ramp, cv2.COLORMAP_TURBO)
    _write(picture, "1", (left + 2, top - 6))
    _write(picture, "0", (left + 2, top + height + 14))


def _write(picture: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    font: Any = cv2.FONT_HERSHEY_SIMPLEX
    for aside, down in ((-1, -1), (1, -1), (-1, 1), (1, 1)):  # OpenCV 5 sets thicker letters wider: not as a thick line
        shadow = (place[0] + aside, place[1] + down)
        cv2.putText(picture, text, shadow, font, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, place, font, 0.42, WHITE, 1, cv2.LINE_AA)
