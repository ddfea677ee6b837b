"""The networks of a run: the shipped ones, those of files, and detectors of other packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perception.detection.aliases import Aliases
    from perception.networks.protocols import Detector, HeatmapModel


def networks(
    detector: Path | str | None, heatmap: Path | None, names: Aliases | None = None
) -> tuple[Detector, HeatmapModel, dict[str, str]]:
    """Detector and heatmap, the shipped ones where None is given, and the hashes of their files. The heatmap has the
    maps of the ways if their network is shipped. names: see `open_detector`. ModelError, and ConfigError for a detector
    of another package."""
    from perception.detection.by_depth import namer
    from perception.quality import way_maps
    from perception.quality.heatmap import DEFAULT_WEIGHTS, OnnxHeatmap

    heatmap = heatmap or DEFAULT_WEIGHTS
    parts = open_detector(detector, names), way_maps.with_ways(OnnxHeatmap(heatmap), None)
    hashes = {"heatmap": file_hash(heatmap, "heatmap")}
    hashes |= {file.stem: file_hash(file, file.stem) for file in (*way_maps.shipped(), *namer.shipped())}
    if not isinstance(detector, str):
        from perception.detection.detector import DEFAULT_WEIGHTS as DETECTOR_WEIGHTS

        hashes = {"detector": file_hash(detector or DETECTOR_WEIGHTS, "detector"), **hashes}
    return *parts, hashes


def open_detector(which: Path | str | None, names: Aliases | None = None) -> Detector:
    """The shipped detector, one of a file (a path), or one that a package offers (a name). ModelError, ConfigError.

    names: for words, the names in a file that count as them; None for the usual ones. Packages name theirs.
    """
    if isinstance(which, str):
        from app.parts.plugins import make_detector

        return make_detector(which)
    from perception.detection.aliases import ALIASES, with_aliases
    from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector

    return with_aliases(OnnxDetector(which or DEFAULT_WEIGHTS), ALIASES if names is None else names)


def file_hash(file: Path, what: str) -> str:
    """SHA-256 of a network file. ModelError if it cannot be read."""
    from perception.base.digest import sha256_of
    from perception.networks.onnx_session import read_network

    return sha256_of([read_network(file, what)])
