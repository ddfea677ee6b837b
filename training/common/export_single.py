"""Export of the small networks that rate or name single things: ONNX of any number of them, metadata, a model card."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.base.plain_json import json_text
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Single:
    """A small network to export.

    name: as in the record of its training. file_name: of the network. made_by: the command that trains it. version: of
    its input, of shape (things, *shape). make: the network of a record. head: what follows its logits. things, output:
    names of the batch's axis and of the output. title, purpose: of the card. limits: of the card, for metrics.
    metadata: in the file, besides what a run tells. sha_key: of the record's data.
    """

    name: str
    file_name: str
    made_by: str
    version: int
    shape: tuple[int, int, int]
    make: Callable[[Mapping[str, Any]], nn.Module]
    head: Callable[[], nn.Module]
    things: str
    output: str
    title: str
    purpose: str
    limits: Callable[[Mapping[str, float]], str]
    metadata: Mapping[str, str]
    sha_key: str


def export_single(run: Path, out: Path, single: Single, *, overwrite: bool = False, licence: str) -> Path:
    """Write the network and its card from a run of its training; returns the network's path.

    overwrite: replace existing files. licence: text for the card. ConfigError if there is no such run, the files exist,
    or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state

    target = out / single.file_name
    card = target.with_suffix(".md")
    refuse_replacing((target, card), overwrite=overwrite)
    best = required_file(run / "best.pt", f"train first with {single.made_by}")
    file = required_file(run / "config.json", f"is this a run of {single.made_by}?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or config.get("network") != single.name:
        raise ConfigError(f"{file}: is no record of a training of the {single.name}; give a run of {single.made_by}")
    version = config["data"]["preprocessing_version"]
    if version != single.version:
        text = f"trained for version {version} of the input, this program has {single.version}"
        raise ConfigError(f"{run}: {text}; train again")
    state = load_state(best, "network", "metrics")
    network = single.make(config)
    fill(network, state["network"], best, "made by another version of this program?")
    whole = nn.Sequential(network, single.head()).eval()
    probe = torch.rand((3, *single.shape), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = whole(probe).numpy()
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / single.file_name
        axes = {"input": {0: single.things}, single.output: {0: single.things}}
        torch.onnx.export(
            whole, (probe,), str(part), input_names=["input"], output_names=[single.output], dynamic_axes=axes,
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, single.name, probe[:count].numpy(), [expected[:count]]) for count in (1, 3))
        metadata = {
            "name": f"spot-grasp {single.name}",
            **single.metadata,
            "preprocessing_version": str(single.version),
            "training_data": config["data"][single.sha_key],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = write_network(part, target, metadata)
    ModelCard(
        title=single.title,
        purpose=single.purpose,
        limits=single.limits(metrics),
        licence=licence,
        training={key: value for key, value in config.items() if key not in ("data", "baselines")},
        data=config["data"],
        metrics=metrics,
        baselines=config.get("baselines", {}),
        metadata=metadata,
    ).write(card, path)
    return path
