"""Arguments that the evaluations have in common."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.bounded import seed
from app.base.workers import add_mapper


def add_study(parser: argparse.ArgumentParser) -> None:
    """What every evaluation in physics takes."""
    parser.add_argument("--seed", type=seed, default=0, metavar="N")
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    parser.add_argument("--ways", type=Path, metavar="FILE", help="network of the ways (.onnx)")
    add_mapper(parser, workers=1)
    add_split(parser)


def add_methods(parser: argparse.ArgumentParser, default: str, more: str = "") -> None:
    """--methods and what they need. more: methods that only this evaluation knows."""
    text = f"of ours,heatmap,height,centroid,random,geometric,top,antipodal,graspnet,paper{more} (default {default}); "
    text += "height, centroid and random with +checks after the name may try further pixels, as heatmap does"
    parser.add_argument("--methods", default=default, metavar="LIST", help=text)
    parser.add_argument("--paper-run", type=Path, metavar="DIR", help="run of train heatmap --recipe paper")


def add_split(parser: argparse.ArgumentParser) -> None:
    """--split and --json"""
    parser.add_argument("--split", default="test", help="test (default), val or train")
    add_json(parser)


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def full_path(path: Path | None) -> str | None:
    """The whole path of a file that was given, for processes that run in other folders."""
    return None if path is None else str(path.resolve())
