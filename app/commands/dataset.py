"""`spot-grasp dataset`: make a data set of grasps, look at it, check it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.base.bounded import seed, whole
from app.base.output import tell, tell_json
from app.commands.workers import add_mapper, mapper_of
from perception.base.errors import ConfigError, WriteError

HELP = "make, look at and check data sets of simulated grasps"
FAMILY: dict[str, Any] = {"action": "append", "default": [], "metavar": "F", "help": "only this family; may repeat"}


def register(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("dataset", help=HELP)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    make = actions.add_parser("generate", parents=parents, help="make a data set, or go on with one")
    make.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the data set")
    make.add_argument("--preset", default="robot", help="robot (default), hemisphere, or paper")
    make.add_argument(
        "--objects", dest="per_family", type=whole(1, 100_000), metavar="N", help="objects of each family"
    )
    make.add_argument("--scenes", type=whole(1, 100_000), metavar="N", help="how many scenes")
    make.add_argument("--views", type=whole(1, 100), metavar="N", help="pictures of each scene")
    make.add_argument("--samples", type=whole(1, 100_000), metavar="N", help="grasps tried on each object")
    make.add_argument("--seed", type=seed, metavar="N", help="of everything random (default 0)")
    make.add_argument("--split", choices=("train", "val", "test"), help="only these objects of the catalogue")
    make.add_argument("--family", **FAMILY)
    make.add_argument(
        "--skip", type=whole(0, 100_000), metavar="N", help="leave out the first N objects of each family"
    )
    make.add_argument("--mesh", action="append", default=[], metavar="FILE", help="an object of your own; may repeat")
    add_mapper(make, workers=2)
    make.add_argument("--json", action="store_true", help="print what was made as one line of JSON")
    make.set_defaults(handler=_generate)
    again = actions.add_parser(
        "rehearse", parents=parents, help="training arrays of grasps that perception computes, tried in physics"
    )
    again.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the arrays")
    for option, text in (
        ("--objects", "catalogue size, per family; its training and validation objects are used (default 20)"),
        ("--pictures", "of each object (default 10)"),
        ("--pixels", "grasps tried in each picture (default 25)"),
        ("--seed", "of everything random (default 0)"),
    ):
        again.add_argument(option, type=seed if option == "--seed" else whole(1, 100_000), metavar="N", help=text)
    again.add_argument("--family", **FAMILY)
    again.add_argument("--heatmap", type=Path, metavar="FILE", help="network that proposes half of the pixels (.onnx)")
    add_mapper(again, workers=2)
    again.add_argument("--json", action="store_true", help="print what was made as one line of JSON")
    again.set_defaults(handler=_rehearse)
    join = actions.add_parser("join", parents=parents, help="the training arrays of several folders in one")
    join.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="arrays, or data sets that have them")
    join.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the joined arrays")
    join.add_argument("--overwrite", action="store_true", help="replace the arrays in --out")
    join.set_defaults(handler=_join)
    for name, action, text in (
        ("info", _info, "what a data set holds"),
        ("verify", _verify, "check every file of a data set"),
    ):
        command = actions.add_parser(name, parents=parents, help=text)
        command.add_argument("folder", type=Path, metavar="DIR")
        command.add_argument("--json", action="store_true", help="print one line of JSON")
        command.set_defaults(handler=action)
    show = actions.add_parser("show", parents=parents, help="a sheet of pictures with labels, green good and red bad")
    show.add_argument("folder", type=Path, metavar="DIR")
    show.add_argument("--out", type=Path, required=True, metavar="FILE", help="the .png to write")
    show.add_argument("--count", type=whole(1, 1000), default=24, metavar="N", help="pictures (default 24)")
    show.add_argument("--columns", type=whole(1, 100), default=6, metavar="N", help="pictures in a row (default 6)")
    show.add_argument("--width", type=whole(16, 4096), default=240, metavar="PX", help="width of one (default 240)")
    show.set_defaults(handler=_show)


def _generate(arguments: argparse.Namespace) -> int:
    from app.base.progress_bar import stage_progress
    from training.dataset.generate import generate
    from training.dataset.plan import plan_for

    names = ("per_family", "scenes", "views", "samples", "seed", "split", "skip")
    meshes = tuple(str(Path(mesh).resolve()) for mesh in arguments.mesh)
    given = {name: getattr(arguments, name) for name in names}
    plan = plan_for(arguments.preset, meshes=meshes or None, families=tuple(arguments.family) or None, **given)
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        summary = generate(plan, arguments.out, mapper, progress, arguments.device)
    counts = summary["counts"]
    if arguments.json:
        tell_json(summary)
    else:
        pixels = counts["good"] + counts["bad"]
        tell(f"{arguments.out}: {counts['objects']} objects, {counts['views']} views, {pixels} labelled pixels\n")
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from app.base.progress_bar import stage_progress
    from training.evaluation.rehearse import Rehearsal, rehearse

    given = {
        "per_family": arguments.objects,
        **{key: getattr(arguments, key) for key in ("pictures", "pixels", "seed")},
    }
    heatmap = None if arguments.heatmap is None else str(arguments.heatmap.resolve())
    given = {key: value for key, value in given.items() if value is not None}
    plan = Rehearsal(**given, heatmap=heatmap, families=tuple(arguments.family))
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        manifest = rehearse(plan, arguments.out, mapper, progress, arguments.device)
    facts = {key: value for key, value in manifest.items() if key != "samples"}
    if arguments.json:
        tell_json(facts)
    else:
        text = f"{facts['objects']} objects, {facts['count']} pictures"
        tell(f"{arguments.out}: {text}; spot-grasp train heatmap --data {arguments.out} learns from it\n")
    return 0


def _join(arguments: argparse.Namespace) -> int:
    from training.dataset.array_folder import check_join, join
    from training.heatmap.arrays import training_arrays

    check_join(arguments.folders, arguments.out, overwrite=arguments.overwrite)
    try:
        folders = [training_arrays(folder, "lift") for folder in arguments.folders]
        manifest = join(folders, arguments.out, overwrite=arguments.overwrite)
    except (OSError, WriteError) as error:
        raise ConfigError(
            f"cannot write {arguments.out}: {error.strerror or error}; make room and try again"
        ) from error
    tell(f"{arguments.out}: {manifest['objects']} objects, {manifest['count']} samples\n")
    return 0


def _info(arguments: argparse.Namespace) -> int:
    from training.dataset.verify import info

    content = info(arguments.folder)
    tell_json(content, indent=None if arguments.json else 1)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from training.dataset.verify import verify

    faults = verify(arguments.folder)
    if arguments.json:
        tell_json({"ok": not faults, "faults": faults})
    else:
        tell("".join(f"{fault}\n" for fault in faults) or f"{arguments.folder}: every file is whole\n")
    return 1 if faults else 0


def _show(arguments: argparse.Namespace) -> int:
    import cv2

    from training.dataset.folder import save
    from training.dataset.verify import sheet

    picture = sheet(arguments.folder, arguments.count, arguments.columns, arguments.width)
    good, content = cv2.imencode(".png", picture[..., ::-1])
    assert good
    save(arguments.out, content.tobytes())
    tell(f"{arguments.out}\n")
    return 0
