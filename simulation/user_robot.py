"""A user's own robot file in place of the Spot written here, as Genesis loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulation.spot_model import load_user_robot


def user_robot_morph(gs: Any, path: Path) -> Any:
    """The Genesis morph of a checked robot file. gs: the genesis module."""
    if load_user_robot(path) == "MJCF":
        return gs.morphs.MJCF(file=str(path), default_armature=0.1)
    return gs.morphs.URDF(file=str(path), fixed=True, default_armature=0.1)
