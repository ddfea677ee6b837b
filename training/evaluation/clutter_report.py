"""What came of a study of clutter: rates with intervals, a table, and a sheet of the failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from perception.base.array_files import read_picture
from training.common.confidence import wilson
from training.common.picture_sheet import captioned, picture_grid
from training.evaluation.methods.names import needs_masks

MOST_FAILURES, COLUMNS = 60, 6


def summary(rounds: Sequence[Mapping[str, Any]], method: str) -> dict[str, Any]:
    """GSR and DR of a method with their 95 % Wilson intervals; held: the stricter success, per attempt; failures and
    ends with counts; objects: successes and attempts of each object that was touched."""
    mine = [trial for facts in rounds for trial in facts["trials"] if trial["method"] == method]
    good, held = sum(trial["success"] for trial in mine), sum(trial["held"] for trial in mine)
    objects = sum(facts["count"] for facts in rounds)
    touched: dict[str, list[int]] = {}
    for trial in mine:
        counts = touched.setdefault(trial["object"] or "nothing", [0, 0])
        counts[0] += trial["success"]
        counts[1] += 1
    return {
        "rounds": len(rounds),
        "objects": objects,
        "attempts": len(mine),
        "successes": good,
        "masks": needs_masks(method),
        "gsr": _rate(good, len(mine)),
        "dr": _rate(good, objects),
        "held": _rate(held, len(mine)),
        "failures": dict(Counter(trial["outcome"] for trial in mine if not trial["success"]).most_common()),
        "ended": dict(Counter(facts["ended"][method] for facts in rounds).most_common()),
        "by_object": dict(sorted(touched.items())),
    }


def _rate(successes: int, trials: int) -> dict[str, Any]:
    low, high = wilson(successes, trials)
    return {"rate": successes / trials if trials else 0.0, "interval": [low, high]}


def table(result: Mapping[str, Any]) -> str:
    """Markdown, a row a method."""
    lines = [
        "| method | masks | GSR | 95 % interval | DR | 95 % interval | held through the shake | failures |",
        "|---" * 8 + "|",
    ]
    for name, facts in result["methods"].items():
        failures = ", ".join(f"{reason} {count}" for reason, count in facts["failures"].items()) or "none"
        lines.append(
            f"| {name} | {'true' if facts['masks'] else 'none'} | {facts['successes']}/{facts['attempts']} = "
            f"{_percent(facts['gsr'])} | {_interval(facts['gsr'])} | {_percent(facts['dr'])} "
            f"| {_interval(facts['dr'])} | {_percent(facts['held'])} | {failures} |"
        )
    return "\n".join(lines) + "\n"


def times_table(times: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown, a row a method: median milliseconds of each stage."""
    lines = ["| method | milliseconds of each stage, median |", "|---|---|"]
    lines += [
        f"| {name} | {', '.join(f'{stage} {value:.0f}' for stage, value in stages.items())} |"
        for name, stages in times.items()
    ]
    return "\n".join(lines) + "\n"


def _percent(rate: Mapping[str, Any]) -> str:
    return f"{100 * rate['rate']:.1f} %"


def _interval(rate: Mapping[str, Any]) -> str:
    low, high = rate["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def failure_sheet(out: Path, rounds: Sequence[Mapping[str, Any]]) -> bytes:
    """A PNG: the closed gripper of up to MOST_FAILURES failed attempts, spread over the study, with what went wrong."""
    failed = [trial for facts in rounds for trial in facts["trials"] if "picture" in trial]
    if not failed:
        shown = [captioned(np.full((60, 240, 3), 80, np.uint8), "no failure")]
    else:
        chosen = np.unique(np.linspace(0, len(failed) - 1, min(MOST_FAILURES, len(failed))).astype(int))
        shown = [_tile(out, failed[index]) for index in chosen.tolist()]
    return cv2.imencode(".png", picture_grid(shown, min(COLUMNS, len(shown)))[..., ::-1])[1].tobytes()


def _tile(out: Path, trial: Mapping[str, Any]) -> Any:
    number = "-".join(Path(trial["picture"]).stem.rsplit("-", 2)[1:])
    text = f"{trial['method']} {number}: {trial['outcome']} {trial['object'][:22]}"
    return captioned(read_picture(out / trial["picture"], "picture of a failure", cv2.IMREAD_COLOR)[..., ::-1], text)
