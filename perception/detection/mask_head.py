"""Draws the masks of what the detector found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ModelError
from perception.detection.letterbox import Letterbox
from perception.detection.mask_edges import brightness, follow_edges
from perception.detection.network_parts import STEEPEST, Parts
from perception.detection.outputs import PROTOTYPES
from perception.networks.onnx_session import OnnxSession

BoxUV = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Look:
    """What the network made of a picture at one zoom.

    rgb: (H, W, 3) the picture. fitted, size: how it lay in the network's input, and that one's (height, width).
    features: the network's second output.
    """

    rgb: NDArray[np.uint8]
    fitted: Letterbox
    size: tuple[int, int]
    features: NDArray[np.float32]


class MaskHead:
    """The part of a network that draws masks (`network_parts`); of one that could not be cut, its second output.

    network: the rest of it, or the whole. ModelError if its second output is none that masks can be drawn from.
    """

    def __init__(self, network: OnnxSession, parts: Parts | None) -> None:
        self._network, self._rim = network, parts.rim if parts else 0
        self._channels = parts.channels if parts else PROTOTYPES
        self._session: OnnxSession | None = None
        if parts:
            of = network.path, network.what
            self._session = OnnxSession(*of, channels=parts.channels, outputs=1, content=parts.head)
        if len(network.output_shapes) < 2:
            raise network.error(
                f"expected mask prototypes (1, {PROTOTYPES}, h, w) as its second output, has one output"
            )
        declared = network.output_shapes[1]
        if len(declared) != 4 or (isinstance(declared[1], int) and declared[1] != self._channels):
            raise self._error(declared, self._channels)

    def draw(self, look: Look, coefficients: NDArray[np.float32], box_uv: BoxUV) -> NDArray[np.bool_]:
        """(H, W) bool: where the prototypes mixed by the (32,) coefficients are positive inside the box.

        The mask's edge moves to an edge of the picture that is within a prototype's pixel of it.

        box_uv: u0, v0, u1, v1 in the picture. ModelError if the prototypes are none.
        """
        shape = look.rgb.shape[:2]
        mask = np.zeros(shape, bool)
        u0, v0, u1, v1 = int(box_uv[0]), int(box_uv[1]), int(np.ceil(box_uv[2])), int(np.ceil(box_uv[3]))
        if u1 <= u0 or v1 <= v0:
            return mask
        logits, matrix = self._logits(look, coefficients, box_uv)
        radius = max(2, round(1.0 / matrix[0, 0]))
        left, top = max(0, u0 - 2 * radius), max(0, v0 - 2 * radius)
        right, bottom = min(shape[1], u1 + 2 * radius), min(shape[0], v1 + 2 * radius)
        matrix = matrix @ np.array([[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        part = cv2.warpAffine(
            logits, matrix, (right - left, bottom - top), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        chance = np.zeros(part.shape, np.float32)
        inside = slice(v0 - top, v1 - top), slice(u0 - left, u1 - left)
        chance[inside] = 1.0 / (1.0 + np.exp(np.minimum(-part[inside], STEEPEST)))
        guide = brightness(look.rgb[top:bottom, left:right])
        mask[top:bottom, left:right] = follow_edges(chance, guide, radius) > 0.5
        return mask

    def _logits(
        self, look: Look, coefficients: NDArray[np.float32], box_uv: BoxUV
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """(h, w) map about the box, positive on the mask, and the (2, 3) affine from picture pixel indices to its."""
        fitted, features = look.fitted, look.features
        stride = look.size[1] / features.shape[-1]
        low, high = (np.reshape(box_uv, (2, 2)) * fitted.scale + [fitted.left, fitted.top]) / stride
        rim = self._rim + 1  # one for the interpolation
        u0, v0 = (int(max(0, np.floor(edge) - rim)) for edge in low)
        u1, v1 = (int(np.ceil(edge) + rim) for edge in high)
        part = features[..., v0:v1, u0:u1]
        prototypes = part if self._session is None else self._session.run(np.ascontiguousarray(part))[0]
        self._check(prototypes, PROTOTYPES)
        finer = prototypes.shape[-1] / part.shape[-1]
        matrix = fitted.matrix(stride / finer)
        matrix[:, 2] -= finer * np.array([u0, v0])
        return np.tensordot(coefficients, prototypes[0], 1).astype(np.float32), matrix

    def checked(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """The network's second output. ModelError if it is none that masks can be drawn from."""
        return self._check(features, self._channels)

    def _check(self, maps: NDArray[Any], channels: int) -> NDArray[np.float32]:
        if maps.ndim != 4 or maps.shape[:2] != (1, channels) or 0 in maps.shape or maps.dtype.kind != "f":
            raise self._error(maps.shape, channels)
        return maps

    def _error(self, shape: tuple[Any, ...], channels: int) -> ModelError:
        return self._network.error(f"expected a second output (1, {channels}, h, w), got {shape}")
