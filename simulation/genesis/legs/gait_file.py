"""Where the file of a gait policy is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError
from perception.base.extras import PUBLIC_GAIT

OWN: Final = Path(__file__).parents[2] / "weights" / "gait.onnx"
"""The policy that ships."""
PUBLIC: Final = "judo"
PUBLIC_FILE: Final = ("judo", Path("models") / "policies" / "spot_locomotion.onnx")
"""The package that holds the public policy, and where."""


def gait_file(name: str | None) -> Path:
    """The file of a policy. name: a file, "judo" for the public one in the installed package judo-rai; None: ours.

    ConfigError, with the next step, if the package is not there. It is not imported.
    """
    if name is None:
        return OWN
    if name != PUBLIC:
        return Path(name)
    package, inside = PUBLIC_FILE
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or ()]
    for folder in folders:
        if (folder / inside).is_file():
            return folder / inside
    raise ConfigError(
        f"--gait judo: the package judo-rai with its policy is not installed; type `{PUBLIC_GAIT}`, or give a file"
    )
