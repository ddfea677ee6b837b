"""What of a recipe (training.recipes) the command line may change, told without torch."""

from __future__ import annotations

import argparse
from typing import Any, Literal

Precision = Literal["auto", "fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "bf16")
NAMES = ("epochs", "batch", "seed", "patience", "precision", "max_rate", "top_weight")


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """--recipe, and an option for each of NAMES."""
    parser.add_argument("--recipe", default="lift", help="lift (default, layout U1) or paper (arXiv 2508.17466)")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--patience", type=int, metavar="N", help="stop after N epochs without progress")
    parser.add_argument("--precision", choices=PRECISIONS, help="auto takes bf16 where it pays")
    parser.add_argument("--rate", type=float, dest="max_rate", metavar="X", help="highest learning rate (2e-3)")
    parser.add_argument("--top-weight", type=float, metavar="X", help="of the term for the best pixels (0, none)")


def recipe_changes(arguments: argparse.Namespace) -> dict[str, Any]:
    """What training.recipes.recipe_for is to change; None where the option was not given."""
    return {name: getattr(arguments, name) for name in NAMES}
