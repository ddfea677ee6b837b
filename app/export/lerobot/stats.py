"""Least, greatest, mean and spread of the features of a data set, added up run by run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Of `count` vectors: their least and greatest values, and the sums of values and squares. shape: as LeRobot wants
    the result."""

    count: int
    least: Vector
    greatest: Vector
    total: Vector
    squares: Vector
    shape: tuple[int, ...] = (-1,)

    @classmethod
    def of(cls, values: Vector) -> Spread:
        """values: (T, N)."""
        sums = values.sum(axis=0), np.square(values).sum(axis=0)
        return cls(len(values), values.min(axis=0), values.max(axis=0), *sums)

    def __add__(self, other: Spread) -> Spread:
        least, greatest = np.minimum(self.least, other.least), np.maximum(self.greatest, other.greatest)
        total, squares = self.total + other.total, self.squares + other.squares
        return Spread(self.count + other.count, least, greatest, total, squares, self.shape)

    def as_json(self) -> dict[str, Any]:
        mean = self.total / self.count
        deviation = np.sqrt(np.maximum(self.squares / self.count - mean**2, 0.0))
        values = {"min": self.least, "max": self.greatest, "mean": mean, "std": deviation}
        return {**{name: each.reshape(self.shape).tolist() for name, each in values.items()}, "count": [self.count]}


def pictures_spread(pictures: Sequence[tuple[NDArray[np.uint8], int]]) -> Spread:
    """Of the pixels' colours, 0..1, each picture counted as often as it is shown; `count` is the number of frames."""
    parts = []
    for picture, times in pictures:
        pixels = picture.reshape(-1, 3) / 255.0
        sums = pixels.mean(axis=0) * times, np.square(pixels).mean(axis=0) * times
        parts.append(Spread(times, pixels.min(axis=0), pixels.max(axis=0), *sums, shape=(3, 1, 1)))
    return sum(parts[1:], start=parts[0])
