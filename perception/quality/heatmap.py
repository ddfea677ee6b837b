"""The grasp heatmap by an ONNX network: 8 channels in, grasp quality per pixel out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perception.networks.onnx_session import OnnxSession
from perception.quality import preprocess
from perception.types import Heatmap
from perception.view import View

DEFAULT_WEIGHTS = Path(__file__).parents[1] / "weights" / "heatmap.onnx"


class OnnxHeatmap:
    """A heatmap network from an ONNX file; implements `HeatmapModel`.

    path: of the network, the shipped one by default.
    The network maps (1, 8, h, w), the `preprocess.window` of a `preprocess.heatmap_input`, to (1, 1, h, w), quality
    0..1; one whose input has a fixed size gets the whole of 256 x 256.
    ModelError if the file is missing, corrupt, another network, or trained for another version of the preprocessing.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS) -> None:
        self._session = OnnxSession(path, "heatmap", channels=preprocess.CHANNELS, outputs=1)
        self._windowed = not any(isinstance(size, int) for size in self._session.input_shape[2:])
        for size in self._session.input_shape[2:]:
            if isinstance(size, int) and size != preprocess.SIZE_PX:
                shape = self._session.input_shape
                raise self._session.error(f"expected {preprocess.SIZE_PX} px square input, has {shape}")
        version = self._session.metadata.get("preprocessing_version")
        if version is not None and version != str(preprocess.VERSION):
            problem = f"made for preprocessing version {version}, this program has {preprocess.VERSION}"
            raise self._session.error(problem)

    def predict(self, view: View) -> Heatmap:
        """Quality per pixel of the frame, 0 outside the square around the mask; ContractError for an empty mask."""
        frame = view.frame
        tensor, crop = preprocess.heatmap_input(
            frame.rgb,
            frame.depth,
            view.detection.mask,
            frame.intrinsics,
            frame.world_from_camera,
            registered=frame.registered,
        )
        return Heatmap(np.clip(crop.paste(self.quality(tensor), frame.intrinsics.shape), 0.0, 1.0))

    def quality(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(256, 256) of an (8, 256, 256) input of the network, 0 outside its window."""
        square = np.zeros(tensor.shape[1:], np.float32)
        whole = slice(None), slice(None)
        window = preprocess.window(tensor[preprocess.MASK_CHANNEL] > 0) if self._windowed else whole
        part = square[window]
        (output,) = self._session.run(tensor[(None, slice(None), *window)])
        if output.size != part.size:
            raise self._session.error(f"expected output of {part.shape}, got {output.shape}")
        part[:] = np.nan_to_num(output.reshape(part.shape))
        return square
