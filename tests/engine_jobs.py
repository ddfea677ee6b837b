"""Jobs for tests of the data engine that other processes can import."""

from __future__ import annotations

import numpy as np

from perception.errors import ConfigError
from training.engine import npz_bytes


def pixels(seed: int) -> bytes:
    """A job that takes no simulator; a negative seed is an error."""
    if seed < 0:
        raise ConfigError(f"seed {seed} is negative")
    return npz_bytes(noise=np.random.default_rng(seed).random(100))
