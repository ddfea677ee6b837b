"""Export a trained heatmap network, or one of the ways, to ONNX, with metadata and a model card."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.base.plain_json import json_text
from perception.hand import family
from perception.quality import preprocess, way_input
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing
from training.heatmap.metrics import chance_warning

UNSTATED = "Not stated. Whoever trained the network chooses it: training.export --licence TEXT."


@dataclass(frozen=True)
class Exported:
    """What an exported network of a layout is called, and what its file and its card say. sizes: of the inputs that it
    is compared on."""

    name: str
    title: str
    version: int
    channels: int
    sizes: tuple[tuple[int, int], ...]
    input: str
    output: str
    purpose: str
    limits: str


_SQUARE: Final = (preprocess.SIZE_PX, preprocess.SIZE_PX)
_HOLDS: Final = "the chance that Spot's gripper, closing there with at most 3.0 N·m, lifts and holds it"
_RENDERED: Final = (
    "with labels from simulated grasps and a model of the depth camera; no real picture was used. The metrics are on "
    "rendered pictures of objects that training never saw."
)
EXPORTED: Final = {
    "U1": Exported(
        name="heatmap",
        title="Heatmap network",
        version=preprocess.VERSION,
        channels=preprocess.CHANNELS,
        sizes=(_SQUARE, (preprocess.SIZE_PX, 3 * preprocess.WINDOW_STEP_PX)),
        input="(1, 8, h, w) float32, window of a perception.quality.preprocess.heatmap_input; multiples of 32",
        output="(1, 1, h, w) float32, chance 0..1 that a grasp at the pixel lifts and holds",
        purpose=f"For every pixel of a detected object: {_HOLDS}.",
        limits=f"Trained on rendered procedural objects that stand upright (their number is below), {_RENDERED} The "
        "baselines look at the mask alone (training/heatmap/baselines.py).",
    ),
    "ways": Exported(
        name="ways",
        title="Network of the ways",
        version=way_input.VERSION,
        channels=way_input.CHANNELS,
        sizes=((way_input.SIZE_PX, way_input.SIZE_PX), (way_input.SIZE_PX, 3 * preprocess.WINDOW_STEP_PX)),
        input="(1, 10, h, w) float32, window of a perception.quality.way_input.way_input; multiples of 32",
        output="(1, 11, h, w) float32, chance 0..1 that a grasp at the pixel lifts and holds, for each way: "
        + ", ".join(way.name for way in family.WAYS),
        purpose=f"For every pixel of a detected object and each way of bringing the hand in: {_HOLDS}.",
        limits=f"Trained on rendered procedural objects as they lie (their number is below), {_RENDERED} The baseline "
        "knows only how often each way holds.",
    ),
}  # fmt: skip


def check_export(layout: str, out: Path, *, overwrite: bool) -> None:
    """ConfigError if a network of this layout cannot be exported to `out`."""
    if layout not in EXPORTED:
        raise ConfigError(f"a network of layout {layout} is not exported, as nothing runs it; leave out --export")
    name = EXPORTED[layout].name
    refuse_replacing((out / f"{name}.onnx", out / f"{name}.md"), overwrite=overwrite)


def export_heatmap(run: Path, out: Path, *, overwrite: bool = False, licence: str = UNSTATED) -> Path:
    """Write heatmap.onnx and heatmap.md, or ways.onnx and ways.md, from a run of training.heatmap.train; returns the
    network's path.

    overwrite: replace existing files. licence: text for the card. ConfigError if there is no such run, the files exist,
    or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state
    from training.heatmap.unet import LAYOUTS, GraspUNet

    best = required_file(run / "best.pt", "train first with python -m training.heatmap.train")
    file = required_file(run / "config.json", "is this a run of training.heatmap.train?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or not {"data", "baselines"} <= set(config):
        raise ConfigError(f"{file}: does not say what was trained on what; is this a run of training.heatmap.train?")
    layout = config.get("layout", "U1")
    check_export(layout, out, overwrite=overwrite)
    what = EXPORTED[layout]
    state = load_state(best, "network", "metrics")
    network = GraspUNet(layout=LAYOUTS[layout])
    fill(network, state["network"], best, f"its config.json says layout {layout}")
    with_sigmoid = nn.Sequential(network, nn.Sigmoid()).eval()
    probes = [torch.rand((1, what.channels, *s), generator=torch.Generator().manual_seed(0)) for s in what.sizes]
    with torch.no_grad():
        expected = [with_sigmoid(probe).numpy() for probe in probes]
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    warning = chance_warning(metrics)
    free = {2: "height", 3: "width"}
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / f"{what.name}.onnx"
        torch.onnx.export(
            with_sigmoid, (probes[0],), str(part), input_names=["input"], output_names=["quality"],
            dynamic_axes={"input": free, "quality": free}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, what.name, p.numpy(), [e]) for p, e in zip(probes, expected, strict=True))
        metadata = {
            "name": f"spot-grasp {what.name}",
            "network": "MobileNetV2 U-Net, layout U1",
            "preprocessing_version": str(what.version),
            "input": what.input,
            "output": what.output,
            "training_data": config["data"]["sha256_inputs"],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = write_network(part, out / f"{what.name}.onnx", metadata)
    ModelCard(
        title=what.title,
        purpose=what.purpose,
        limits=what.limits + (f" Warning: {warning}." if warning else ""),
        licence=licence,
        training={key: value for key, value in config.items() if key not in ("data", "baselines")},
        data=config["data"],
        metrics=metrics,
        baselines=config["baselines"],
        metadata=metadata,
    ).write(out / f"{what.name}.md", path)
    return path
