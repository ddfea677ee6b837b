"""Export a trained judge to ONNX, with metadata and a model card."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.base.plain_json import json_text
from perception.quality.judge import CELLS, CHANNELS, FILE_NAME, VERSION
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing
from training.heatmap.metrics import chance_warning

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
    """Write judge.onnx and judge.md from a run of training.judge.train; returns the network's path.

    overwrite: replace existing files. licence: text for the card. ConfigError if there is no such run, the files exist,
    or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state
    from training.judge.network import JudgeNetwork

    target = out / FILE_NAME
    card = target.with_suffix(".md")
    refuse_replacing((target, card), overwrite=overwrite)
    best = required_file(run / "best.pt", "train first with spot-grasp train judge")
    file = required_file(run / "config.json", "is this a run of spot-grasp train judge?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or config.get("network") != "judge":
        raise ConfigError(f"{file}: is no record of a training of the judge; give a run of spot-grasp train judge")
    version = config["data"]["preprocessing_version"]
    if version != VERSION:
        raise ConfigError(f"{run}: trained for version {version} of the input, this program has {VERSION}; train again")
    state = load_state(best, "network", "metrics")
    network = JudgeNetwork(config["width"])
    fill(network, state["network"], best, "its config.json says another width")
    chance = nn.Sequential(network, nn.Sigmoid(), nn.Unflatten(0, (-1, 1))).eval()
    probe = torch.rand((3, CHANNELS, CELLS, CELLS), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = chance(probe).numpy()
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    warning = chance_warning(metrics)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / FILE_NAME
        torch.onnx.export(
            chance, (probe,), str(part), input_names=["input"], output_names=["chance"],
            dynamic_axes={"input": {0: "grasps"}, "chance": {0: "grasps"}}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, "judge", probe[:count].numpy(), [expected[:count]]) for count in (1, 3))
        metadata = {
            "name": "spot-grasp judge",
            "network": "three levels of convolutions over two pictures, joined with the values of the grasp",
            "preprocessing_version": str(VERSION),
            "input": "(K, 10, 24, 24) float32, a perception.grasping.judge_input of K grasps",
            "output": "(K, 1) float32, chance 0..1 that each lifts and holds",
            "training_data": config["data"]["sha256"],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = write_network(part, target, metadata)
    ModelCard(
        title="Judge of single grasps",
        purpose=PURPOSE,
        limits=LIMITS + (f" Warning: {warning}." if warning else ""),
        licence=licence,
        training={key: value for key, value in config.items() if key not in ("data", "baselines")},
        data=config["data"],
        metrics=metrics,
        baselines=config["baselines"],
        metadata=metadata,
    ).write(card, path)
    return path
