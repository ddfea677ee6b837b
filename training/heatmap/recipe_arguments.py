"""Command-line options for a recipe (training.heatmap.recipes), without importing torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Literal

from simulation.genesis.devices import DEVICES

Precision = Literal["auto", "fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "bf16")
NAMES = ("epochs", "batch", "seed", "patience", "precision", "max_rate", "top_weight")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of every training: the folder of the run, and what to do with an existing run."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out")
    again.add_argument("--overwrite", action="store_true", help="replace the run in --out")


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """--recipe, and an option for each of NAMES."""
    parser.add_argument(
        "--recipe",
        default="lift",
        help="lift (default, layout U1), ways (all ways at once) or paper (arXiv 2508.17466)",
    )
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--patience", type=int, metavar="N", help="stop after N epochs without progress")
    parser.add_argument("--precision", choices=PRECISIONS, help="auto takes bf16 where it pays")
    parser.add_argument("--rate", type=float, dest="max_rate", metavar="X", help="highest learning rate (2e-3)")
    parser.add_argument("--top-weight", type=float, metavar="X", help="of the term for the best pixels (0, none)")
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="best.pt of a run, or an exported .onnx, to begin with"
    )
    help_ = "what to compute on (auto: an NVIDIA card where there is one, else the processor)"
    parser.add_argument("--device", choices=("auto", *DEVICES), default="auto", help=help_)


def recipe_changes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Changes for training.heatmap.recipes.recipe_for; None for an option that was not given."""
    return {name: getattr(arguments, name) for name in NAMES}
