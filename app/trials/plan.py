"""The trials of a test: every tree with every seed, each with the command that repeats it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.parts.options import accepted
from app.parts.robots import robot_kind
from app.session.options import RunOptions
from app.trials.trial import Trial
from perception.base.errors import ConfigError
from trees.library import find_tree


def plan(trees: Sequence[str], seeds: Sequence[int], options: RunOptions, folder: Path, *, keep: bool) -> list[Trial]:
    """The trials, in the order of trees and seeds.

    options: of all runs but for tree, seed and folder. folder: of the test; each run gets one in it. keep: keep also
    those of successes. ConfigError for a tree that is given twice, or a Spot that is not simulated.
    """
    _refuse_real(options)
    files = [find_tree(tree) for tree in trees]
    if len(set(files)) < len(files):
        raise ConfigError("a tree is given twice; name each once")
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        names = [f"{number}-{name}" for number, name in enumerate(names, 1)]
    trials = []
    for tree, name in zip(trees, names, strict=True):
        for seed in seeds:
            one = replace(options, tree=tree, seed=seed, record=folder / f"{name}-{seed}")
            trials.append(Trial(one, command_of(one), keep))
    return trials


def _refuse_real(options: RunOptions) -> None:
    """ConfigError for a robot that somebody would have to watch."""
    if options.robot == "spot" and options.robot_options.get("hostname") != "sim":
        raise ConfigError(
            "test runs a tree again and again with nobody beside the robot: take --hostname sim, or run the tree once "
            "with spot-grasp run"
        )


def command_of(options: RunOptions) -> str:
    """What to type to repeat a run."""
    words = ["spot-grasp", "run", options.tree, "--robot", options.robot, "--seed", str(options.seed)]
    for name in ("detector", "heatmap", "substitute", "settings"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    if options.time_limit_s != RunOptions.time_limit_s:
        words += ["--time-limit", f"{options.time_limit_s:g}"]
    for folder in options.folders:
        words += ["--folder", folder]
    return shlex.join([*words, *_robot_words(accepted(robot_kind(options.robot)), options.robot_options)])


def _robot_words(declared: Mapping[str, argparse.Action], values: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for dest, action in declared.items():
        value = values.get(dest, action.default)
        if value != action.default:
            flag = action.option_strings[0]
            words += [flag] if action.nargs == 0 else [flag, str(value)]
    return words
