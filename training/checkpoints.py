"""Reading back what a training run has written."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from perception.errors import ConfigError


def load_state(path: Path) -> dict[str, Any]:
    """A file of torch.save that a run made. ConfigError, with the next step, if it is damaged."""
    problem = "not a file of torch.save" if not zipfile.is_zipfile(path) else ""
    try:
        state: dict[str, Any] = {} if problem else torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        problem = f"{type(error).__name__}"
    if problem:
        raise ConfigError(f"{path}: damaged ({problem}); delete it and train again")
    return state


def digest(path: Path) -> str:
    """SHA-256 of a file. ConfigError if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the weights to begin with: {error.strerror}") from error
