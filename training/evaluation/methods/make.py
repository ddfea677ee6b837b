"""The methods of these names."""

from __future__ import annotations

from pathlib import Path

from perception.base.errors import ConfigError
from perception.networks.protocols import HeatmapModel
from perception.quality.way_maps import with_ways
from training.evaluation.methods.antipodal import antipodal
from training.evaluation.methods.interface import Method
from training.evaluation.methods.names import check_names
from training.evaluation.methods.on_masks import by_quality, geometric, oracle, ours, predicted, rule
from training.evaluation.methods.top import top_down


def make_methods(
    names: tuple[str, ...], heatmap: HeatmapModel | None, paper: Path | None, ways: Path | None = None
) -> dict[str, Method]:
    """The named methods. ways: network of the ways, None for the shipped one. ConfigError for an unknown name, or a
    network or package that is missing."""
    check_names(names)
    return {name: _make(name, heatmap, paper, ways) for name in dict.fromkeys(names)}


def _make(name: str, heatmap: HeatmapModel | None, paper: Path | None, ways: Path | None) -> Method:
    match name:
        case "heatmap":
            if heatmap is None:
                raise ConfigError("the method heatmap needs a network")
            return by_quality(predicted(heatmap), checked=True)
        case "paper":
            if paper is None:
                raise ConfigError(
                    "the method paper needs its network: spot-grasp train heatmap --recipe paper, then --paper-run DIR"
                )
            from training.evaluation.methods.paper import PaperMethod

            return PaperMethod(paper)
        case "ours":
            if heatmap is None:
                raise ConfigError("the method ours needs a network")
            return ours(with_ways(heatmap, ways))
        case "geometric":
            return geometric
        case "oracle":
            return oracle
        case "top":
            return top_down
        case "antipodal":
            return antipodal
        case "graspnet":
            from training.evaluation.methods.graspnet import ContactGraspNet

            return ContactGraspNet()
        case _:
            return rule(name)
