"""Files of torch.save: read without running code, written whole, and put into networks."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from perception.base.digest import sha256_of_file
from perception.base.errors import ConfigError
from perception.base.files import read_bytes, write_atomic

MOST_BYTES: Final = 1_000_000_000
MISFIT: Final = (KeyError, RuntimeError, ValueError, TypeError, AttributeError, IndexError)
"""What torch raises for a state that does not fit the object that it is loaded into."""


def load_state(path: Path, *entries: str) -> dict[str, Any]:
    """The content of a checkpoint of `train heatmap` with these entries. No code in it is run.

    ConfigError, with the next step, if it is damaged or no such checkpoint.
    """
    content = read_bytes(path, "checkpoint", MOST_BYTES)
    problem, state = "", {}
    if not zipfile.is_zipfile(io.BytesIO(content)):
        problem = "not a file of torch.save"
    else:
        try:
            state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
        except pickle.UnpicklingError as error:
            text = "holds Python objects beside numbers, which are not loaded because they can run any code"
            raise ConfigError(f"{path}: {text}; give a checkpoint of spot-grasp train heatmap") from error
        except Exception as error:  # torch's readers raise anything for a damaged file
            problem = type(error).__name__
    if problem:
        raise ConfigError(f"{path}: damaged ({problem}); delete it and train again")
    missing = [entry for entry in entries if not isinstance(state, dict) or entry not in state]
    if missing:
        raise ConfigError(f"{path}: is no such checkpoint of spot-grasp train heatmap: it has no {missing[0]!r}")
    return state


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state with torch.save, whole or not at all."""
    content = io.BytesIO()
    torch.save(state, content)
    write_atomic(path, content.getvalue())


def fill(network: nn.Module, state: Any, path: Path, next_step: str) -> None:
    """Put a state into a network. ConfigError, naming its file `path`, if it does not fit or is not finite."""
    try:
        network.load_state_dict(state)
    except MISFIT as error:
        raise ConfigError(f"{path}: its weights are of another network; {next_step}") from error
    check_finite(network, path)


def check_finite(network: nn.Module, path: Path) -> None:
    """ConfigError, naming their file `path`, if weights or statistics are not finite."""
    for name, value in network.state_dict().items():
        if not torch.isfinite(value).all():
            raise ConfigError(f"{path}: its weights are not finite ({name}); give those of another run")


def digest(path: Path) -> str:
    """SHA-256 of a file of weights. ConfigError if it cannot be read."""
    return sha256_of_file(path, "weights to begin with", MOST_BYTES)
