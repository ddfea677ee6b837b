"""What a thing is, by a small ONNX network that is shown it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.detection.by_depth.namer_input import CHANNELS, VERSION
from perception.networks.onnx_session import OnnxSession

FILE_NAME: Final = "namer.onnx"
DEFAULT_WEIGHTS: Final = Path(__file__).parents[2] / "weights" / FILE_NAME


class OnnxNamer:
    """A network that maps (K, 8, 64, 64), K things of `namer_input`, to (K, words + 1), chances 0..1 of each word and
    of none of them.

    path: its file, the shipped one by default; its metadata has the words under `words`. ModelError if the file is
    missing, corrupt, another network, or trained for another version of the input.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS) -> None:
        self._session = OnnxSession(path, "namer", channels=CHANNELS, outputs=1)
        version = self._session.metadata.get("preprocessing_version")
        if version != str(VERSION):
            raise self._session.error(f"made for version {version} of the input, this program has {VERSION}")
        self.words = tuple(self._session.metadata.get("words", "").split())
        if not self.words or len(set(self.words)) < len(self.words):
            raise self._session.error("its metadata has no words")

    def chances(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K, words) 0..1 of an input (K, 8, 64, 64)."""
        count = len(self.words)
        if not len(tensor):
            return np.zeros((0, count), np.float32)
        (output,) = self._session.run(tensor)
        if output.shape != (len(tensor), count + 1):
            raise self._session.error(f"expected output of {(len(tensor), count + 1)}, got {output.shape}")
        return np.asarray(np.clip(np.nan_to_num(output[:, :count]), 0.0, 1.0), np.float32)


def shipped() -> tuple[Path, ...]:
    """The file that `shipped_namer` opens, if it ships."""
    return (DEFAULT_WEIGHTS,) if DEFAULT_WEIGHTS.is_file() else ()


@cache
def shipped_namer() -> OnnxNamer | None:
    """The network that ships, opened once; None if there is none. ModelError."""
    return OnnxNamer() if shipped() else None
