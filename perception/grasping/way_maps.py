"""How good each way of the family is at each pixel, by an ONNX network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.grasping import way_input
from perception.grasping.family import WAYS
from perception.grasping.preprocess import Crop
from perception.networks.onnx_session import OnnxSession
from perception.view import View

DEFAULT_WEIGHTS: Final = Path(__file__).parents[1] / "weights" / "ways.onnx"


@dataclass(frozen=True, eq=False)
class WayMaps:
    """The predicted chance that a grasp holds, for each way.

    quality: (ways, h, w) float32, 0..1, in the order of WAYS. crop: the square of the frame that it shows.
    """

    quality: NDArray[np.float32]
    crop: Crop

    def at(self, uv: tuple[int, int]) -> NDArray[np.float32]:
        """(ways,) at a pixel (u, v) of the frame; 0 outside the square."""
        column, row = (
            int(np.floor((pixel + 0.5 - corner) / self.crop.scale))
            for pixel, corner in zip(uv, (self.crop.left_px, self.crop.top_px), strict=True)
        )
        size = self.crop.size_px
        if not (0 <= column < size and 0 <= row < size):
            return np.zeros(len(self.quality), np.float32)
        return self.quality[:, row, column]


class OnnxWays:
    """A network that maps a `way_input` (1, 10, 192, 192) to (1, 11, 192, 192), quality 0..1 of each way.

    path: of its file, the shipped one by default. ModelError if it is missing, corrupt, another network, or trained for
    another version of the input.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS) -> None:
        self._session = OnnxSession(path, "ways", channels=way_input.CHANNELS, outputs=1)
        version = self._session.metadata.get("preprocessing_version")
        if version != str(way_input.VERSION):
            problem = f"made for version {version} of the input, this program has {way_input.VERSION}"
            raise self._session.error(problem)

    def predict(self, view: View) -> WayMaps:
        """The maps of a view's object; ContractError if its mask is empty or has no depth."""
        tensor, crop = way_input.way_input(view)
        (output,) = self._session.run(tensor[None])
        shape = (len(WAYS), *tensor.shape[1:])
        if output.size != int(np.prod(shape)):
            raise ContractError(f"the network of the ways gave {output.shape}, expected {shape}")
        return WayMaps(np.clip(np.nan_to_num(output.reshape(shape)), 0.0, 1.0).astype(np.float32), crop)
