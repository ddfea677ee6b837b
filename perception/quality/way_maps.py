"""How good each way of the family is at each pixel, by an ONNX network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from perception.hand.family import WAYS
from perception.networks.onnx_session import OnnxSession
from perception.networks.protocols import HeatmapModel
from perception.quality import preprocess, way_input
from perception.quality.judge import FILE_NAME, OnnxJudge
from perception.types import Heatmap, WayMaps
from perception.view import View

DEFAULT_WEIGHTS: Final = Path(__file__).parents[1] / "weights" / "ways.onnx"


class OnnxWays:
    """A network that maps (1, 10, h, w), the window of a `way_input`, to (1, 11, h, w), quality 0..1 of each way.

    path: of its file, the shipped one by default. The judge of single grasps is the file judge.onnx beside it, if any.
    ModelError if a file is missing, corrupt, another network, or trained for another version of the input.
    """

    def __init__(self, path: Path = DEFAULT_WEIGHTS) -> None:
        self._session = OnnxSession(path, "ways", channels=way_input.CHANNELS, outputs=1)
        version = self._session.metadata.get("preprocessing_version")
        if version != str(way_input.VERSION):
            problem = f"made for version {version} of the input, this program has {way_input.VERSION}"
            raise self._session.error(problem)
        judge = path.with_name(FILE_NAME)
        self._judge = OnnxJudge(judge) if judge.is_file() else None

    def predict(self, view: View) -> WayMaps:
        """The maps of a view's object; ContractError if its mask is empty or has no depth."""
        tensor, crop = way_input.way_input(view)
        window = preprocess.window(tensor[way_input.MASK_CHANNEL] > 0, margin_px=way_input.WINDOW_MARGIN_PX)
        (output,) = self._session.run(tensor[(None, slice(None), *window)])
        quality = np.zeros((len(WAYS), *tensor.shape[1:]), np.float32)
        part = quality[(slice(None), *window)]
        if output.size != part.size:
            raise self._session.error(f"expected output of {part.shape}, got {output.shape}")
        part[:] = np.clip(np.nan_to_num(output.reshape(part.shape)), 0.0, 1.0)
        return WayMaps(quality, (crop.left_px, crop.top_px), crop.scale, self._judge)


class HeatmapAndWays:
    """The heatmap of one network, with the maps of the ways by another; implements `HeatmapModel`."""

    def __init__(self, heatmap: HeatmapModel, ways: OnnxWays) -> None:
        self._heatmap, self._ways = heatmap, ways

    def predict(self, view: View) -> Heatmap:
        """The heatmap; it has no maps of the ways where the object has no depth."""
        heatmap = self._heatmap.predict(view)
        return heatmap if view.repaired.layer is None else replace(heatmap, ways=self._ways.predict(view))


def shipped() -> tuple[Path, ...]:
    """The files that `with_ways` opens without a path: of the ways and of the judge, as far as they ship."""
    files = DEFAULT_WEIGHTS, DEFAULT_WEIGHTS.with_name(FILE_NAME)
    return tuple(file for file in files if DEFAULT_WEIGHTS.is_file() and file.is_file())


def with_ways(heatmap: HeatmapModel, path: Path | None) -> HeatmapModel:
    """A heatmap with the maps of the ways by the network of a file; by the shipped one if it is None, or without if
    there is none. ModelError for a file that cannot be used."""
    if path is None and not DEFAULT_WEIGHTS.is_file():
        return heatmap
    return HeatmapAndWays(heatmap, OnnxWays(path or DEFAULT_WEIGHTS))
