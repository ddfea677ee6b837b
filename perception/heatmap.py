"""The grasp heatmap by an ONNX network: 8 channels in, grasp quality per pixel out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from perception import preprocess
from perception.onnx_session import OnnxSession
from perception.types import Detection, Heatmap, RgbdFrame

DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "heatmap.onnx"


class OnnxHeatmap:
    """Implements `perception.models.HeatmapModel`.

    The network maps (1, 8, 256, 256) made by `preprocess.heatmap_input` to (1, 1, 256, 256), quality 0..1.
    ModelError if the file is missing, corrupt, another network, or trained for another version of the preprocessing.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS) -> None:
        self._session = OnnxSession(path, "heatmap", channels=preprocess.CHANNELS, outputs=1)
        for size in self._session.input_shape[2:]:
            if isinstance(size, int) and size != preprocess.SIZE_PX:
                shape = self._session.input_shape
                raise self._session.error(f"expected {preprocess.SIZE_PX} px square input, has {shape}")
        version = self._session.metadata.get("preprocessing_version")
        if version is not None and version != str(preprocess.VERSION):
            problem = f"made for preprocessing version {version}, this program has {preprocess.VERSION}"
            raise self._session.error(problem)

    def predict(self, frame: RgbdFrame, detection: Detection) -> Heatmap:
        """Quality per pixel of the frame, 0 outside the square around the mask; ContractError for an empty mask."""
        tensor, crop = preprocess.heatmap_input(
            frame.rgb, frame.depth, detection.mask, frame.intrinsics, frame.world_from_camera
        )
        (quality,) = self._session.run(tensor[None])
        if quality.size != crop.size_px**2:
            raise self._session.error(f"expected output of {crop.size_px} x {crop.size_px}, got {quality.shape}")
        square = np.nan_to_num(quality.reshape(crop.size_px, crop.size_px).astype(np.float32))
        return Heatmap(np.clip(crop.paste(square, frame.intrinsics.shape), 0.0, 1.0))
