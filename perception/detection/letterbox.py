"""How a picture lies in a network's input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Letterbox:
    """How a picture was fitted into the network's input: scaled, then moved by (left, top) input pixels."""

    scale: float
    left: float
    top: float

    @classmethod
    def fit(cls, picture: tuple[int, int], network: tuple[int, int], zoom: float = 1.0) -> Letterbox:
        """Both sizes as (height, width). zoom below 1 leaves a border: near objects then look as if further away."""
        scale = zoom * min(network[0] / picture[0], network[1] / picture[1])
        return cls(scale, (network[1] - picture[1] * scale) / 2, (network[0] - picture[0] * scale) / 2)

    def centred(self, network: tuple[int, int], before: tuple[int, int]) -> Letterbox:
        """The same for a network's input of another (height, width) than before."""
        return Letterbox(self.scale, self.left + (network[1] - before[1]) / 2, self.top + (network[0] - before[0]) / 2)

    def matrix(self, stride: float = 1.0) -> NDArray[np.float64]:
        """(2, 3) affine from picture pixel indices to those of a map `stride` times coarser than the input."""
        s = self.scale / stride
        return np.array([[s, 0.0, self.left / stride + 0.5 * s - 0.5], [0.0, s, self.top / stride + 0.5 * s - 0.5]])

    def boxes(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 4) corners in input pixels to picture pixels."""
        return (boxes - [self.left, self.top, self.left, self.top]) / self.scale
