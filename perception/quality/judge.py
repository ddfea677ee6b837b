"""How likely single grasps are to hold, by a small ONNX network that sees the scene as the hand does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.networks.onnx_session import OnnxSession

VERSION: Final = 1
"""Of the input, `perception.grasping.judge_input`: changes with any change of what the network is fed; training writes
it into the network's metadata."""
CHANNELS: Final = 10
CELLS: Final = 24
FILE_NAME: Final = "judge.onnx"


class OnnxJudge:
    """A network that maps (K, 10, 24, 24), K grasps, to (K, 1), the chance that each lifts and holds.

    ModelError if the file is missing, corrupt, another network, or trained for another version of the input.
    """

    def __init__(self, path: Path) -> None:
        self._session = OnnxSession(path, "judge", channels=CHANNELS, outputs=1)
        version = self._session.metadata.get("preprocessing_version")
        if version != str(VERSION):
            raise self._session.error(f"made for version {version} of the input, this program has {VERSION}")

    def rate(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K,) 0..1 of an input (K, 10, 24, 24)."""
        (output,) = self._session.run(tensor)
        if output.size != len(tensor):
            raise self._session.error(f"expected output of {(len(tensor), 1)}, got {output.shape}")
        return np.asarray(np.clip(np.nan_to_num(output.reshape(-1)), 0.0, 1.0), np.float32)
