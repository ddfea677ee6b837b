"""`spot-grasp evaluate heatmap|grasp|packed`: how good the network is, and how good the grasps are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.base.bounded import seed, whole
from app.base.output import tell, tell_json
from app.commands.workers import add_mapper, mapper_of
from perception.base.extras import require

HELP = "measure the heatmap on labelled pixels, or whole grasps in physics"


def register(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("evaluate", help=HELP)
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    heatmap = what.add_parser("heatmap", parents=parents, help="ranking, top pixel and calibration on held-out objects")
    heatmap.add_argument("--data", type=Path, required=True, metavar="DIR", help="a data set, or its arrays")
    heatmap.add_argument("--network", type=Path, metavar="FILE", help="heatmap network (.onnx; default the shipped)")
    heatmap.set_defaults(handler=_heatmap)
    grasp = what.add_parser("grasp", parents=parents, help="whole trials, from a noisy picture to the lifted object")
    grasp.add_argument(
        "--trials",
        type=whole(1, 1_000_000),
        default=400,
        metavar="N",
        help="pictures, tried by every method (400)",
    )
    grasp.add_argument(
        "--methods",
        default="heatmap,antipodal,height,centroid,random",
        metavar="LIST",
        help="of heatmap,antipodal,height,centroid,random,paper,oracle (default all but the last two); a rule with "
        "+checks after its name may try other pixels when its first cannot be gripped, as heatmap does",
    )
    grasp.add_argument("--out", type=Path, required=True, metavar="DIR", help="trials, result.json, table.md, plot.png")
    grasp.add_argument("--masks", default="rendered", help="rendered (default) or detector")
    grasp.add_argument("--paper-run", type=Path, metavar="DIR", help="run of train heatmap --recipe paper")
    grasp.add_argument("--labels", type=Path, metavar="DIR", help="label files of a data set, for the oracle")
    grasp.add_argument(
        "--objects", type=whole(1, 100_000), default=10, metavar="N", help="catalogue size a family (10)"
    )
    grasp.set_defaults(handler=_grasp)
    packed = what.add_parser("packed", parents=parents, help="five objects close together, taken away one by one")
    packed.add_argument(
        "--rounds", type=whole(1, 100_000), default=20, metavar="N", help="tables, each cleared by every method (20)"
    )
    packed.add_argument("--methods", default="heatmap,centroid", metavar="LIST", help="heatmap and rules, as for grasp")
    packed.add_argument("--out", type=Path, required=True, metavar="DIR", help="rounds, result.json, table.md")
    packed.set_defaults(handler=_packed)
    for study in (grasp, packed):
        study.add_argument("--seed", type=seed, default=0, metavar="N")
        study.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
        add_mapper(study, workers=1)
    for command in (heatmap, grasp, packed):
        command.add_argument("--split", default="test", help="test (default), val or train")
        command.add_argument("--json", action="store_true", help="print one line of JSON")


def _heatmap(arguments: argparse.Namespace) -> int:
    from perception.grasping.heatmap import DEFAULT_WEIGHTS
    from training.evaluation.heatmap import evaluate_network, table

    result = evaluate_network(arguments.network or DEFAULT_WEIGHTS, arguments.data, arguments.split)
    return _say(result, table(result), as_json=arguments.json)


def _grasp(arguments: argparse.Namespace) -> int:
    require("evaluate grasp", "train", "matplotlib")
    from app.base.progress_bar import stage_progress
    from training.dataset.folder import save
    from training.evaluation.grasp import Study, evaluate
    from training.evaluation.report import plot, table

    study = Study(
        trials=arguments.trials,
        methods=_names(arguments.methods),
        seed=arguments.seed,
        split=arguments.split,
        per_family=arguments.objects,
        masks=arguments.masks,
        heatmap=_text(arguments.heatmap),
        paper=_text(arguments.paper_run),
        labels=_text(arguments.labels),
    )
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        result = evaluate(study, arguments.out, mapper, progress, arguments.device)
    save(arguments.out / "table.md", table(result).encode())
    save(arguments.out / "plot.png", plot(result))
    return _say(result, table(result), as_json=arguments.json)


def _packed(arguments: argparse.Namespace) -> int:
    from app.base.progress_bar import stage_progress
    from training.evaluation.packed import PackedStudy, evaluate_packed, packed_table

    study = PackedStudy(
        rounds=arguments.rounds,
        methods=_names(arguments.methods),
        seed=arguments.seed,
        split=arguments.split,
        heatmap=_text(arguments.heatmap),
    )
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        result = evaluate_packed(study, arguments.out, mapper, progress, arguments.device)
    return _say(result, packed_table(result), as_json=arguments.json)


def _say(result: dict[str, Any], table: str, *, as_json: bool) -> int:
    """The result on stdout; the exit code."""
    if as_json:
        tell_json(result)
    else:
        tell(table)
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())
