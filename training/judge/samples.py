"""The picks of one or more folders in memory, split by object, and what choices among them come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.quality.judge import CELLS, CHANNELS, VERSION
from training.dataset.catalogue import lacking, split_of
from training.dataset.folder import digest
from training.dataset.picks import PICK_FILES, SOURCES, file_of
from training.heatmap.metrics import auroc, expected_calibration_error

Rows = NDArray[np.intp]
IN_A_RUN: Final = ("heatmap", "maps")
"""Sources among whose grasps the judge chooses in a run."""


@dataclass(frozen=True, eq=False)
class Picks:
    """N grasps, as training.dataset.picks describes them; `picture` counts on over all objects. training, validation:
    rows. facts: about the data, for records."""

    inputs: NDArray[np.float16]
    good: NDArray[np.bool_]
    picture: NDArray[np.intp]
    source: NDArray[np.intp]
    score: NDArray[np.float64]
    training: Rows
    validation: Rows
    facts: dict[str, Any]

    @classmethod
    def open(cls, folders: Sequence[Path]) -> Picks:
        """The picks of folders of `spot-grasp dataset picks`, finished or not. ConfigError if a folder holds none, or
        was made for another input of the judge, or there is no object for training or validation."""
        files = [(name, path) for folder in folders for name, path in _files(folder)]
        if problem := lacking({name for name, _ in files}):
            raise ConfigError(f"{folders[0]}: {problem}")
        arrays = [PICK_FILES.read(path, ("good", "picture", "source", "score")) for _, path in files]
        counts = [len(one["good"]) for one in arrays]
        inputs = np.empty((sum(counts), CHANNELS, CELLS, CELLS), np.float16)
        pictures, first, before = [], 0, 0
        for (_, path), one, count in zip(files, arrays, counts, strict=True):
            inputs[first : first + count] = PICK_FILES.read(path, ("inputs",))["inputs"]
            pictures.append(one["picture"].astype(np.intp) + before)
            first, before = first + count, before + int(one["picture"].max(initial=-1)) + 1
        split = np.repeat([split_of(name) for name, _ in files], counts)
        joined = {name: np.concatenate([one[name] for one in arrays]) for name in ("good", "source", "score")}
        return cls(
            inputs=inputs,
            good=joined["good"].astype(bool),
            picture=np.concatenate(pictures),
            source=joined["source"].astype(np.intp),
            score=joined["score"].astype(np.float64),
            training=np.flatnonzero(split == "train"),
            validation=np.flatnonzero(split == "val"),
            facts={
                "objects": len(files),
                "pictures": before,
                "picks": sum(counts),
                "good_share": float(np.mean(joined["good"])),
                "preprocessing_version": VERSION,
                "sha256": sha256_of(digest(path).encode() for _, path in files),
            },
        )

    def metrics(self, scores: NDArray[np.float64], rows: Rows) -> dict[str, float]:
        """Of the chances (len(rows),) that a network gives to some rows. loss: mean cross-entropy. auroc, ece: of all.
        top_1: share of pictures whose best grasp of a run's holds. possible: share that has one that holds."""
        good, chance = self.good[rows], np.clip(scores, 1e-6, 1 - 1e-6)
        of_run = np.isin(self.source[rows], [SOURCES.index(name) for name in IN_A_RUN])
        return {
            "loss": float(-np.mean(np.where(good, np.log(chance), np.log(1 - chance)))),
            "auroc": auroc(scores, good),
            "ece": expected_calibration_error(scores, good),
            "top_1": self.top(scores[of_run], rows[of_run], rows),
            "possible": self.top(good[of_run].astype(np.float64), rows[of_run], rows),
            "good_share": float(good.mean()),
        }

    def rules(self, rows: Rows) -> dict[str, dict[str, float]]:
        """The same metrics of each source's own best grasp, as a run without a judge takes it."""
        found = {}
        for number, name in enumerate(SOURCES):
            own = rows[self.source[rows] == number]
            found[name] = {"top_1": self.top(self.score[own], own, rows)}
        return found

    def top(self, scores: NDArray[np.float64], rows: Rows, among: Rows) -> float:
        """Share of the pictures of `among` whose best of `rows` by these scores holds; one without any does not."""
        order = np.lexsort((-scores, self.picture[rows]))
        _, first = np.unique(self.picture[rows][order], return_index=True)
        return float(self.good[rows[order[first]]].sum() / max(1, len(np.unique(self.picture[among]))))


def _files(folder: Path) -> list[tuple[str, Path]]:
    """(object, its file) of what is done in a folder of picks."""
    plan = PICK_FILES.plan_of(folder)
    if plan.version != VERSION:
        text = f"made for version {plan.version} of the judge's input, this program has {VERSION}"
        raise ConfigError(f"{folder}: {text}; make the picks again with spot-grasp dataset picks")
    names = [f"{family}-{number}" for family, number in plan.objects]
    found = [(name, folder / file_of(name)) for name in names if (folder / file_of(name)).is_file()]
    if not found:
        raise ConfigError(f"{folder}: nothing is tried yet; run spot-grasp dataset picks --out {folder}")
    return found
