"""Jobs for tests of the data engine that other processes can import, and how to do jobs in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from perception.errors import ConfigError
from training.engine import npz_bytes


def pixels(seed: int) -> bytes:
    """A job that takes no simulator; a negative seed is an error."""
    if seed < 0:
        raise ConfigError(f"seed {seed} is negative")
    return npz_bytes(noise=np.random.default_rng(seed).random(100))


class InlineMapper:
    """In this process, one after the other; counts what it did and may break off."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.done, self._stop_after = 0, stop_after

    def map(self, function: Callable[[Any], Any], todo: Sequence[Any], start: Callable[[], None]) -> Iterator[Any]:
        for job in todo:
            if self.done == self._stop_after:
                raise KeyboardInterrupt
            self.done += 1
            yield function(job)
