"""Quality of a heatmap network on the pixels of held-out objects, beside simple rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.quality import preprocess
from perception.quality.heatmap import OnnxHeatmap
from training.dataset import array_folder
from training.dataset.catalogue import SPLITS, family_of, split_of
from training.dataset.folder import read_json
from training.dataset.generate import criterion
from training.heatmap import baselines
from training.heatmap.arrays import labels_by, training_arrays
from training.heatmap.metrics import PixelScores

MOST_PROFILE_ROWS = 600
"""Most training pictures that the height rule learns from."""
MEANINGS = {
    "lift": "the object is lifted",
    "grasp": "it is lifted, held through the shake, and the gripper never met the support",
    "contact": "both jaws touch the object, as in arXiv 2508.17466",
    "labels": "what these arrays call good",
}


@dataclass
class _Scores:
    """Scores of the network against one kind of label."""

    whole: PixelScores = field(default_factory=PixelScores)
    families: defaultdict[str, PixelScores] = field(default_factory=lambda: defaultdict(PixelScores))
    framing: defaultdict[str, PixelScores] = field(default_factory=lambda: defaultdict(PixelScores))

    def add(self, quality: NDArray[np.float32], target: NDArray[np.int8], sample: dict[str, Any]) -> None:
        self.whole.add(quality, target)
        self.families[family_of(sample["object"])].add(quality, target)
        if (cut := sample.get("cut")) is not None:
            self.framing["cut" if cut else "whole"].add(quality, target)

    def summary(self) -> dict[str, Any]:
        return {
            "metrics": self.whole.summary(),
            "families": {family: scores.summary() for family, scores in sorted(self.families.items())},
            "framing": {kind: scores.summary() for kind, scores in sorted(self.framing.items())},
        }


def evaluate_network(network: Path, data: Path, split: str = "test") -> dict[str, Any]:
    """Metrics of a network file and of the rules on the samples of a split.

    data: a data set, measured against its lift labels and its training labels (MEANINGS), or training arrays, measured
    against their labels. Metrics are given over all samples, per family, and, where the arrays tell, apart for objects
    that the picture's border cuts. ConfigError for an unknown or empty split, or if `data` is neither. ModelError for
    the network.
    """
    if split not in SPLITS:
        raise ConfigError(f"unknown split {split!r}; choose from: {', '.join(SPLITS)}")
    inputs, labels, manifest = array_folder.load(training_arrays(data, "lift"))
    samples = manifest["samples"]
    names = [str(sample["object"]) for sample in samples]
    rows = [row for row, name in enumerate(names) if split_of(name) == split]
    if not rows:
        raise ConfigError(f"{data}: no sample of a {split} object; label more objects")
    if (data / "plan.json").is_file():
        kinds = {
            "lift": labels_by("lift", data, samples),
            criterion(read_json(data / "plan.json").get("preset", "")): labels,
        }
    else:
        kinds = {"labels": labels}
    model = OnnxHeatmap(network)
    scores = {kind: _Scores() for kind in kinds}
    for row in rows:
        quality = model.quality(np.asarray(inputs[row], np.float32))
        for kind, targets in kinds.items():
            scores[kind].add(quality, np.asarray(targets[row]), samples[row])
    training = np.array([row for row, name in enumerate(names) if split_of(name) == "train"])
    if training.size > MOST_PROFILE_ROWS:
        training = training[np.linspace(0, training.size - 1, MOST_PROFILE_ROWS).astype(int)]
    return {
        "network": str(network),
        "split": split,
        "samples": len(rows),
        "objects": len({names[row] for row in rows}),
        "against": {
            kind: {
                **scores[kind].summary(),
                "rules": baselines.measure(_Masks(inputs), targets, training, np.array(rows)),
            }
            for kind, targets in kinds.items()
        },
    }


class _Masks:
    """The mask channel of memory-mapped inputs, row by row."""

    def __init__(self, inputs: Any) -> None:
        self._inputs = inputs

    def __getitem__(self, row: Any) -> Any:
        return self._inputs[row, preprocess.MASK_CHANNEL]


def table(result: dict[str, Any]) -> str:
    """Markdown, one table per kind of label: rows for the network, whole and by framing, and the rules; a column per
    metric."""
    return "\n".join(_table(kind, metrics) for kind, metrics in result["against"].items())


def _table(kind: str, measured: dict[str, Any]) -> str:
    names = ("auroc", "average_precision", "precision_at_1", "regret", "ece")
    lines = [f"`{kind}`: {MEANINGS[kind]}", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    framing = {f"network, object {framed}": metrics for framed, metrics in measured["framing"].items()}
    for title, metrics in {"network": measured["metrics"], **framing, **measured["rules"]}.items():
        cells = [f"{metrics[name]:.3f}" if name in metrics else "" for name in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
