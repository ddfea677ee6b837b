"""Export a trained heatmap network to ONNX, with metadata and a model card."""

from __future__ import annotations

import tempfile
from pathlib import Path

from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.base.plain_json import json_text
from perception.grasping import preprocess
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing
from training.heatmap.metrics import chance_warning

UNSTATED = "Not stated. Whoever trained the network chooses it: training.export --licence TEXT."


def check_export(layout: str, out: Path, *, overwrite: bool) -> None:
    """ConfigError if a network of this layout cannot be exported to `out`."""
    if layout != "U1":
        raise ConfigError(f"a network of layout {layout} is not exported, as nothing runs it; leave out --export")
    refuse_replacing((out / "heatmap.onnx", out / "heatmap.md"), overwrite=overwrite)


def export_heatmap(run: Path, out: Path, *, overwrite: bool = False, licence: str = UNSTATED) -> Path:
    """Write heatmap.onnx and heatmap.md from a run of training.heatmap.train; returns the network's path.

    overwrite: replace existing files. licence: text for the card. ConfigError if there is no such run, the files exist,
    or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state
    from training.heatmap.unet import GraspUNet

    best = required_file(run / "best.pt", "train first with python -m training.heatmap.train")
    file = required_file(run / "config.json", "is this a run of training.heatmap.train?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or not {"data", "baselines"} <= set(config):
        raise ConfigError(f"{file}: does not say what was trained on what; is this a run of training.heatmap.train?")
    check_export(config.get("layout", "U1"), out, overwrite=overwrite)
    state = load_state(best, "network", "metrics")
    network = GraspUNet()
    fill(network, state["network"], best, "only layout U1 is exported")
    with_sigmoid = nn.Sequential(network, nn.Sigmoid()).eval()
    sizes = ((preprocess.SIZE_PX, preprocess.SIZE_PX), (preprocess.SIZE_PX, 3 * preprocess.WINDOW_STEP_PX))
    probes = [torch.rand((1, preprocess.CHANNELS, *s), generator=torch.Generator().manual_seed(0)) for s in sizes]
    with torch.no_grad():
        expected = [with_sigmoid(probe).numpy() for probe in probes]
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    warning = chance_warning(metrics)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "heatmap.onnx"
        torch.onnx.export(
            with_sigmoid, (probes[0],), str(part), input_names=["input"], output_names=["quality"],
            dynamic_axes={"input": {2: "height", 3: "width"}, "quality": {2: "height", 3: "width"}},
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, "heatmap", p.numpy(), [e]) for p, e in zip(probes, expected, strict=True))
        metadata = {
            "name": "spot-grasp heatmap",
            "network": "MobileNetV2 U-Net, layout U1",
            "preprocessing_version": str(preprocess.VERSION),
            "input": "(1, 8, h, w) float32, window of a perception.grasping.preprocess.heatmap_input; multiples of 32",
            "output": "(1, 1, h, w) float32, chance 0..1 that a grasp at the pixel lifts and holds",
            "training_data": config["data"]["sha256_inputs"],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = write_network(part, out / "heatmap.onnx", metadata)
    ModelCard(
        title="Heatmap network",
        purpose="For every pixel of a detected object: the chance that Spot's gripper, closing there with at most "
        "3.0 N·m, lifts and holds it.",
        limits="Trained on rendered procedural objects that stand upright (their number is below), with labels from "
        "simulated grasps and a model of the depth camera; no real picture was used. The metrics are on rendered "
        "pictures of objects that training never saw. The baselines look at the mask alone "
        "(training/heatmap/baselines.py)." + (f" Warning: {warning}." if warning else ""),
        licence=licence,
        training={key: value for key, value in config.items() if key not in ("data", "baselines")},
        data=config["data"],
        metrics=metrics,
        baselines=config["baselines"],
        metadata=metadata,
    ).write(out / "heatmap.md", path)
    return path
