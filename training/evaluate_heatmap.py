"""How good a heatmap network is on the pixels of held-out objects, beside the rules it has to beat."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from perception import preprocess
from perception.errors import ConfigError
from perception.heatmap import OnnxHeatmap
from training import baselines, dataset
from training.catalogue import SPLITS, family_of, split_of
from training.metrics import PixelScores

MOST_PROFILE_ROWS = 600
"""Training pictures the height rule learns from; more change its profile by less than a hundredth."""


def evaluate_network(network: Path, data: Path, split: str = "test") -> dict[str, Any]:
    """Metrics of the network file and of the rules on the arrays' samples of a split: over all of them, per family, and
    of objects that are whole in the picture or cut by its border, where the arrays say which.

    ConfigError for an unknown split or one without samples, or if `data` holds no arrays; ModelError for the network.
    """
    if split not in SPLITS:
        raise ConfigError(f"unknown split {split!r}; choose from: {', '.join(SPLITS)}")
    inputs, labels, manifest = dataset.load(data)
    names = [str(sample["object"]) for sample in manifest["samples"]]
    rows = [row for row, name in enumerate(names) if split_of(name) == split]
    if not rows:
        raise ConfigError(f"{data}: no sample of a {split} object; label more objects")
    model = OnnxHeatmap(network)
    scores = PixelScores()
    families: defaultdict[str, PixelScores] = defaultdict(PixelScores)
    framing: defaultdict[str, PixelScores] = defaultdict(PixelScores)
    for row in rows:
        quality, target = model.quality(np.asarray(inputs[row], np.float32)), np.asarray(labels[row])
        scores.add(quality, target)
        families[family_of(names[row])].add(quality, target)
        if (cut := manifest["samples"][row].get("cut")) is not None:
            framing["cut" if cut else "whole"].add(quality, target)
    training = np.array([row for row, name in enumerate(names) if split_of(name) == "train"])
    if training.size > MOST_PROFILE_ROWS:
        training = training[np.linspace(0, training.size - 1, MOST_PROFILE_ROWS).astype(int)]
    return {
        "network": str(network),
        "split": split,
        "samples": len(rows),
        "objects": len({names[row] for row in rows}),
        "metrics": scores.summary(),
        "families": {family: one.summary() for family, one in sorted(families.items())},
        "framing": {kind: one.summary() for kind, one in sorted(framing.items())},
        "rules": baselines.measure(_Masks(inputs), labels, training, np.array(rows)),
    }


class _Masks:
    """The mask channel of memory-mapped inputs, row by row."""

    def __init__(self, inputs: Any) -> None:
        self._inputs = inputs

    def __getitem__(self, row: Any) -> Any:
        return self._inputs[row, preprocess.MASK_CHANNEL]


def table(result: dict[str, Any]) -> str:
    """Markdown: a row for the network, one for each of its kinds of picture and each rule, a column per metric."""
    names = ("auroc", "average_precision", "precision_at_1", "regret", "ece")
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    framing = {f"network, object {kind}": metrics for kind, metrics in result["framing"].items()}
    for title, metrics in {"network": result["metrics"], **framing, **result["rules"]}.items():
        cells = [f"{metrics[name]:.3f}" if name in metrics else "" for name in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
