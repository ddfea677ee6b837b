"""The arrays that a training run reads, made from a data set when they are not there yet."""

from __future__ import annotations

from pathlib import Path

from perception.errors import ConfigError
from training import dataset


def training_arrays(folder: Path, recipe: str) -> Path:
    """`folder` itself if it holds arrays; else those of the data set in it, made once, in FOLDER/arrays or, for the
    recipe "paper", FOLDER/arrays-paper. ConfigError if it is neither."""
    if (folder / "samples.json").is_file():
        return folder
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; make a data set with spot-grasp dataset generate --out {folder}")
    out = folder / ("arrays-paper" if recipe == "paper" else "arrays")
    if not (out / "samples.json").is_file():
        if recipe == "paper":
            from training.paper_recipe import build_paper

            build_paper(folder / "views", folder / "labels", out)
        else:
            dataset.build(folder / "views", folder / "projected", out)
    return out
