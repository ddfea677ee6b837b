"""Export the network that names things to ONNX, with metadata and a model card."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError
from perception.base.files import read_json
from perception.base.plain_json import json_text
from perception.detection.by_depth.namer import FILE_NAME
from perception.detection.by_depth.namer_input import CHANNELS, SIDE, VERSION
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing
from training.detector.words import WORDS

PURPOSE: Final = (
    "For single things that a detector or depth has found in a picture: the chance that each is a "
    f"{', a '.join(WORDS)} or none of these, and that its mask is that of the thing."
)
LIMITS: Final = (
    "Trained from nothing on rendered furnished rooms (training.detector.furnished) with a model of depth cameras; no "
    "real picture was used, photographs are no more than surroundings and prints. The metrics are on rooms that no "
    "training saw, of the same models: right is the share of masks that fit an object whose likeliest word is its own, "
    "refused the share of masks of nothing that get no word; then right by word."
)


def export_namer(run: Path, out: Path, *, overwrite: bool = False, licence: str) -> Path:
    """Write namer.onnx and namer.md from a run of training.detector.naming.train; returns the network's path.

    overwrite: replace existing files. licence: text for the card. ConfigError if there is no such run, the files exist,
    or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state
    from training.detector.naming.network import NamerNetwork

    target = out / FILE_NAME
    card = target.with_suffix(".md")
    refuse_replacing((target, card), overwrite=overwrite)
    best = required_file(run / "best.pt", "train first with python -m training.detector.naming.train")
    file = required_file(run / "config.json", "is this a run of training.detector.naming.train?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or config.get("network") != "namer":
        raise ConfigError(
            f"{file}: is no record of a training of the namer; give a run of training.detector.naming.train"
        )
    version = config["data"]["preprocessing_version"]
    if version != VERSION:
        raise ConfigError(f"{run}: trained for version {version} of the input, this program has {VERSION}; train again")
    state = load_state(best, "network", "metrics")
    network = NamerNetwork()
    fill(network, state["network"], best, "made by another version of this program?")
    chance = nn.Sequential(network, nn.Softmax(dim=1)).eval()
    probe = torch.rand((3, CHANNELS, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = chance(probe).numpy()
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / FILE_NAME
        torch.onnx.export(
            chance, (probe,), str(part), input_names=["input"], output_names=["chances"],
            dynamic_axes={"input": {0: "things"}, "chances": {0: "things"}}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, "namer", probe[:count].numpy(), [expected[:count]]) for count in (1, 3))
        metadata = {
            "name": "spot-grasp namer",
            "network": "four levels of residual convolutions over a square around a thing, joined with its measures",
            "words": " ".join(WORDS),
            "preprocessing_version": str(VERSION),
            "input": f"(K, {CHANNELS}, {SIDE}, {SIDE}) float32, a perception.detection.by_depth.namer_input of K",
            "output": f"(K, {len(WORDS) + 1}) float32, chance 0..1 of each word, then of none",
            "training_data": config["data"]["train_sha256"],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = write_network(part, target, metadata)
    ModelCard(
        title="Namer of single things",
        purpose=PURPOSE,
        limits=LIMITS,
        licence=licence,
        training={key: value for key, value in config.items() if key != "data"},
        data=config["data"],
        metrics=metrics,
        baselines={},
        metadata=metadata,
    ).write(card, path)
    return path
