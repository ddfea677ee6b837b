"""The training arrays of a data set, made when they are missing, and labels by another criterion."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.quality import preprocess
from perception.quality.preprocess import Crop
from training.common.workers import Progress
from training.dataset.catalogue import lacking
from training.dataset.labels.project import object_names, project, read_arrays
from training.heatmap import build_arrays


def training_arrays(folder: Path, recipe: str, out: Path | None = None, progress: Progress = lambda *_: None) -> Path:
    """The folder of training arrays: `folder` itself, or arrays made once from the data set in it.

    out: where to make them; None for FOLDER/arrays, or FOLDER/arrays-paper for the recipe "paper". For the recipe
    "ways" the data set is a folder of way labels. ConfigError if the folder is neither, or the arrays cannot be made or
    written.
    """
    if (folder / "samples.json").is_file():
        return folder
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; make a data set with spot-grasp dataset generate --out {folder}")
    out = out or folder / ("arrays-paper" if recipe == "paper" else "arrays")
    if not (out / "samples.json").is_file():
        _require_writable(out)
        if recipe == "ways":
            from training.heatmap.build_way_arrays import build_ways

            build_ways(folder, out, progress)
        elif recipe == "paper":
            from training.heatmap.paper_recipe import build_paper

            build_paper(folder / "views", folder / "labels", out)
        else:
            build_arrays.build(folder / "views", folder / "projected", out)
    return out


def check_objects(folder: Path) -> None:
    """ConfigError if a data set without arrays has no object to train on or none to hold out."""
    names = {path.stem for path in (folder / "labels").glob("*.npz")}
    if names and not (folder / "samples.json").is_file() and (problem := lacking(names)):
        raise ConfigError(f"{folder}: {problem}")


def _require_writable(out: Path) -> None:
    reason = "not writable"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if os.access(out, os.W_OK):
            return
    except OSError as error:
        reason = error.strerror or str(error)
    text = f"the training arrays cannot be made here ({reason})"
    raise ConfigError(f"{out}: {text}; spot-grasp train heatmap --arrays DIR makes them elsewhere")


def labels_by(criterion: str, folder: Path, samples: list[dict[str, Any]]) -> NDArray[np.int8]:
    """(N, 256, 256) labels of a data set's samples by another criterion of `labels.project.load_labels`.

    samples: of samples.json. The label pictures are made once, in FOLDER/projected-CRITERION. ConfigError if views or
    labels are missing, or samples.json lacks the crops, as in an earlier version.
    """
    if any("crop" not in sample for sample in samples):
        text = f"{folder}: its arrays do not tell the crops, an earlier version made them"
        raise ConfigError(f"{text}; delete {folder / 'arrays'} and run the same command again")
    pictures = folder / f"projected-{criterion}"
    project(folder / "views", folder / "labels", pictures, criterion=criterion)
    labels = np.empty((len(samples), preprocess.SIZE_PX, preprocess.SIZE_PX), np.int8)
    for name, rows in groupby(range(len(samples)), lambda row: samples[row]["view"]):
        view = read_arrays(folder / "views" / f"{name}.npz", ("instances", "families", "seeds"))
        picture = read_arrays(pictures / f"{name}.npz", ("labels",))["labels"]
        for row in rows:
            number = object_names(view).index(samples[row]["object"]) + 1
            labels[row] = build_arrays.cut_labels(picture, view["instances"] == number, Crop(*samples[row]["crop"]))
    return labels
