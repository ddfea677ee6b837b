"""Train the network that names things.

`python -m training.detector.naming.train --data DIR [DIR ...] --out DIR [--epochs N] [--batch N] [--rate R] [--seed S]
[--overwrite]`

--data: folders with samples of training.detector.naming.samples. --out gets config.json (recipe and data),
metrics.jsonl (after each epoch, on the validation samples) and best.pt (the epoch with the least loss).
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.naming.train")

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perception.base.array_files import read_arrays
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.detection.by_depth.namer_input import VERSION
from training.common.epochs import RUN_FILES, WORK_FILES, EpochRecipe, Rows, answers, train_epochs
from training.common.outputs import check_run_folder
from training.detector.naming.network import NamerNetwork, inputs_of, varied
from training.detector.words import WORDS

KEYS = ("shown", "values", "word", "fits")


@dataclass(frozen=True)
class NamerRecipe(EpochRecipe):
    """All that decides the weights besides the data. ConfigError for impossible values."""

    max_rate: float = 3e-3
    weight_decay: float = 2e-3


@dataclass(frozen=True, eq=False)
class Samples:
    """N samples in memory, see training.detector.naming.samples. facts: about them, for records."""

    shown: torch.Tensor
    values: torch.Tensor
    target: torch.Tensor
    facts: dict[str, Any]

    @classmethod
    def read(cls, folders: list[Path], part: str) -> Samples:
        """The samples of a part, train or val, of data sets. ConfigError if there are none."""
        files = sorted(path for folder in folders for path in (folder / "samples" / part).glob("*.npz"))
        if not files:
            raise ConfigError(f"{folders[0]}: no {part} samples; make them with training.detector.naming.samples")
        arrays = [read_arrays(path, "samples", KEYS) for path in files]
        shown, values, word, fits = (np.concatenate([one[key] for one in arrays]) for key in KEYS)
        facts = {
            f"{part}_pictures": len(files), f"{part}_samples": len(word), f"{part}_things": int((fits > 0).sum()),
            f"{part}_sha256": sha256_of(np.ascontiguousarray(item).tobytes() for item in (word, fits, values)),
        }  # fmt: skip
        return cls(torch.from_numpy(shown), torch.from_numpy(values), _target(word, fits), facts)

    def inputs(self, rows: Rows) -> torch.Tensor:
        """(len(rows), 8, 64, 64)."""
        which = torch.from_numpy(rows)
        return inputs_of(self.shown[which], self.values[which])


def _target(word: NDArray[np.uint8], fits: NDArray[np.float32]) -> torch.Tensor:
    """(N, words + 1) chances: how well each mask is its object's, the rest for none."""
    target = np.zeros((len(word), len(WORDS) + 1), np.float32)
    target[np.arange(len(word)), word] = fits
    target[:, -1] = 1.0 - fits
    return torch.from_numpy(target)


def train(folders: list[Path], out: Path, recipe: NamerRecipe, *, overwrite: bool = False) -> dict[str, float]:
    """Train; returns the metrics of the best epoch.

    folders: data sets with samples. out: folder of the run. ConfigError if the data cannot be used, `out` holds a run
    and `overwrite` is false, the loss is not finite, or the disk is full.
    """
    check_run_folder(out, RUN_FILES, WORK_FILES, overwrite=overwrite)
    training, validation = Samples.read(folders, "train"), Samples.read(folders, "val")
    torch.manual_seed(recipe.seed)
    network = NamerNetwork()
    weight = _weights(training.target)
    config = {
        "network": "namer", "parameters": sum(each.numel() for each in network.parameters()), **asdict(recipe),
        "data": {**training.facts, **validation.facts, "preprocessing_version": VERSION},
    }  # fmt: skip

    def loss(rows: Rows) -> torch.Tensor:
        logits = network(varied(training.inputs(rows)))
        return _loss(logits, training.target[torch.from_numpy(rows)], weight)

    def measured() -> dict[str, float]:
        every = np.arange(len(validation.target))
        return _metrics(answers(network, validation.inputs, every), validation.target, weight)

    return train_epochs(network, out, recipe, config, np.arange(len(training.target)), loss, measured)


def _metrics(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> dict[str, float]:
    """loss: as in training. right: share of the masks that fit an object whose likeliest word is its own. refused:
    share of those of nothing that get no word. By word, `right`."""
    word, fitting = target[:, :-1].argmax(dim=1), target[:, -1] == 0
    found, nothing = logits.argmax(dim=1), target[:, -1] == 1
    right = logits[:, :-1].argmax(dim=1) == word
    by = {
        WORDS[each]: float(right[fitting & (word == each)].float().mean())
        for each in sorted(set(word[fitting].tolist()))
    }
    return {
        "loss": float(_loss(logits, target, weight)),
        "right": float(right[fitting].float().mean()),
        "refused": float((found[nothing] == len(WORDS)).float().mean()),
        **by,
    }


def _weights(target: torch.Tensor) -> torch.Tensor:
    """(words + 1,) of each in the loss: rare ones count more."""
    share = target.mean(dim=0).clamp(min=1e-4)
    weight = share**-0.5
    return weight / (weight * share).sum()


def _loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return -(weight * target * logits.log_softmax(dim=1)).sum(dim=1).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=NamerRecipe.epochs)
    parser.add_argument("--batch", type=int, default=NamerRecipe.batch)
    parser.add_argument("--rate", type=float, default=NamerRecipe.max_rate)
    parser.add_argument("--seed", type=int, default=NamerRecipe.seed)
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    args = parser.parse_args()
    recipe = NamerRecipe(args.epochs, args.batch, args.seed, args.rate)
    train(args.data, args.out, recipe, overwrite=args.overwrite)
