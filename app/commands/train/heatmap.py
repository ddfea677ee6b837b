"""`spot-grasp train heatmap`: train the grasp heatmap."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import note, tell, tell_json
from perception.base.extras import require
from training.heatmap.recipe_arguments import add_recipe_arguments, add_run_arguments, recipe_changes


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a data set, or its arrays")
    parser.add_argument("--arrays", type=Path, metavar="DIR", help="where its arrays are made (default: in it)")
    add_run_arguments(parser)
    add_recipe_arguments(parser)
    parser.add_argument("--export", type=Path, metavar="DIR", help="then write heatmap.onnx and its card there")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    require("train heatmap", "train", "torch")
    from app.base.progress_bar import stage_progress
    from simulation.genesis.devices import check_device
    from training.common.outputs import check_run_folder
    from training.heatmap.arrays import check_objects, training_arrays
    from training.heatmap.export import check_export, export_heatmap
    from training.heatmap.metrics import chance_warning
    from training.heatmap.recipes import recipe_for
    from training.heatmap.train import RUN_FILES, WORK_FILES, train

    recipe = recipe_for(arguments.recipe, **recipe_changes(arguments))
    if arguments.device != "auto":
        check_device(arguments.device)
    if not arguments.resume:
        check_run_folder(arguments.out, RUN_FILES, WORK_FILES, overwrite=arguments.overwrite)
    if arguments.export is not None:
        check_export(recipe.layout, arguments.export, overwrite=arguments.overwrite or arguments.resume)
    check_objects(arguments.data)
    with stage_progress() as progress:
        data = training_arrays(arguments.data, recipe.name, arguments.arrays, progress)
        best = train(
            data, arguments.out, recipe, resume=arguments.resume, overwrite=arguments.overwrite, start=arguments.start,
            device=arguments.device, progress=progress,
        )  # fmt: skip
    tell_json({"best": {key: round(value, 4) for key, value in best.items()}})
    warning = chance_warning(best)
    if warning:
        note(f"spot-grasp: warning: {warning}\n")
    if arguments.export is not None:
        overwrite = arguments.overwrite or arguments.resume
        tell(f"{export_heatmap(arguments.out, arguments.export, overwrite=overwrite)}\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
