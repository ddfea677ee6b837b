"""`spot-grasp train heatmap|detector|export`: the arguments; the work is in `training`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from app.output import tell, tell_json
from perception.extras import require
from training.recipe_arguments import add_recipe_arguments, recipe_changes

HELP = "train a network and export it"


def register(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("train", help=HELP)
    networks = parser.add_subparsers(dest="network", metavar="NETWORK", required=True)
    heatmap = networks.add_parser("heatmap", parents=parents, help="the grasp heatmap")
    heatmap.add_argument("--data", type=Path, required=True, metavar="DIR", help="a data set, or its arrays")
    heatmap.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    add_recipe_arguments(heatmap)
    heatmap.add_argument(
        "--start", type=Path, metavar="FILE", help="best.pt of a run, or an exported .onnx, to begin with"
    )
    heatmap.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out")
    heatmap.add_argument("--export", type=Path, metavar="DIR", help="then write heatmap.onnx and its card there")
    heatmap.set_defaults(handler=_heatmap)
    detector = networks.add_parser(
        "detector", parents=parents, help="the detector; what follows goes to training.train_detector"
    )
    detector.add_argument("rest", nargs=argparse.REMAINDER, metavar="...")
    detector.set_defaults(handler=_detector)


def _heatmap(arguments: argparse.Namespace) -> int:
    require("train heatmap", "train", "torch")
    from training.arrays import training_arrays
    from training.recipes import recipe_for
    from training.train_heatmap import train

    recipe = recipe_for(arguments.recipe, **recipe_changes(arguments))
    data = training_arrays(arguments.data, recipe.name)
    best = train(data, arguments.out, recipe, resume=arguments.resume, start=arguments.start)
    tell_json({"best": {key: round(value, 4) for key, value in best.items()}})
    if arguments.export is not None:
        from training.export import export_heatmap

        tell(f"{export_heatmap(arguments.out, arguments.export)}\n")
    return 0


def _detector(arguments: argparse.Namespace) -> int:
    require("train detector", "train", "torch")
    from training import train_detector

    before, sys.argv = sys.argv, ["spot-grasp train detector", *arguments.rest]
    try:
        train_detector.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        sys.argv = before
    return 0
