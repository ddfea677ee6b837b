"""Export a trained judge to ONNX, with metadata and a model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perception.quality.judge import CELLS, CHANNELS, FILE_NAME, VERSION
from training.common.export_single import Single, export_single
from training.heatmap.metrics import chance_warning

if TYPE_CHECKING:
    from torch import nn

PURPOSE: Final = (
    "For single grasps that were proposed in a picture and can be done: the chance that Spot's gripper, closing there "
    "with at most 3.0 N·m, lifts and holds the object."
)
LIMITS: Final = (
    "Trained on rendered procedural objects as they lie, alone and near others, with outcomes of simulated grasps and "
    "models of depth cameras; no real picture was used. In physics the object is alone. The metrics are on objects "
    "that training never saw; top_1 counts the pictures whose best grasp holds, possible those that have one that "
    "holds. The baselines are the best grasp of each source by its own score."
)


def export_judge(run: Path, out: Path, *, overwrite: bool = False, licence: str) -> Path:
    """Write judge.onnx and judge.md from a run of training.judge.train. Arguments and errors: see `export_single`."""
    return export_single(run, out, JUDGE, overwrite=overwrite, licence=licence)


def _network(config: Mapping[str, Any]) -> nn.Module:
    from training.judge.network import JudgeNetwork

    return JudgeNetwork(config["width"])


def _head() -> nn.Module:
    from torch import nn

    return nn.Sequential(nn.Sigmoid(), nn.Unflatten(0, (-1, 1)))


def _limits(metrics: Mapping[str, float]) -> str:
    warning = chance_warning(metrics)
    return LIMITS + (f" Warning: {warning}." if warning else "")


JUDGE: Final = Single(
    name="judge",
    file_name=FILE_NAME,
    made_by="spot-grasp train judge",
    version=VERSION,
    shape=(CHANNELS, CELLS, CELLS),
    make=_network,
    head=_head,
    things="grasps",
    output="chance",
    title="Judge of single grasps",
    purpose=PURPOSE,
    limits=_limits,
    metadata={
        "network": "three levels of convolutions over two pictures, joined with the values of the grasp",
        "input": f"(K, {CHANNELS}, {CELLS}, {CELLS}) float32, a perception.grasping.judge_input of K grasps",
        "output": "(K, 1) float32, chance 0..1 that each lifts and holds",
    },
    sha_key="sha256",
)
