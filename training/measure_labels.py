"""How much quicker labels are made by simulating surface samples and projecting them than by simulating every pixel.

`python -m training.measure_labels [--views N]`

On the paper's preset, in one process: the time of contact trials, of views and of projection is measured, each with and
without what is paid once, and the preset's whole time follows. Per-pixel simulation would pay one trial a pixel, at the
rate of full batches. JSON on stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from perception.errors import ConfigError, SpotGraspError
from training.engine import plan_for, save

BATCH = 512


def measure(views: int = 12) -> dict[str, float]:
    """seconds of one batch of trials, of a view, of its projection and of building; pixels a view; pixels_per_s of the
    whole preset, of per-pixel simulation, and their ratio; preset_s, the whole preset in one process.

    views: made and projected. Genesis must have been started. ConfigError below 2."""
    from training.jobs import LabelJob, ViewJob, label_job, view_job
    from training.project_labels import project

    if views < 2:
        raise ConfigError(f"--views {views} must be at least 2")
    plan = plan_for("paper")
    (entry,) = plan.entries
    job = LabelJob(plan.preset, entry.family, entry.seed, "", BATCH)
    label_job(job)  # compiles
    few, files = _timed(lambda: label_job(job))
    many, _ = _timed(lambda: label_job(replace(job, samples=2 * BATCH)))
    trials_s = max(many - few, 1e-9)
    one, _ = _timed(lambda: view_job(ViewJob(replace(plan, views=1), 0)))
    all_views, seen = _timed(lambda: view_job(ViewJob(replace(plan, views=views), 0)))
    view_s = max(all_views - one, 1e-9) / (views - 1)
    with tempfile.TemporaryDirectory(prefix="spot-grasp-labels-") as name:
        folder = Path(name)
        for file, content in (*files, *seen):
            save(folder / file, content)
        projection, counts = _timed(
            lambda: project(folder / "views", folder / "labels", folder / "projected", criterion="contact")
        )
    pixels = (counts["good"] + counts["bad"]) / views
    total = plan.scenes * plan.views
    build_s = max(few - trials_s, 0.0) + plan.scenes * max(one - view_s, 0.0)
    preset_s = build_s + plan.samples / BATCH * trials_s + total * (view_s + projection / views)
    rate, each = pixels * total / preset_s, BATCH / trials_s
    return {
        "batch_s": trials_s,
        "view_s": view_s,
        "projection_s": projection / views,
        "build_s": build_s,
        "pixels": pixels,
        "preset_s": preset_s,
        "pixels_per_s": rate,
        "trials_per_s": each,
        "ratio": rate / each,
    }


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=12)
    args = parser.parse_args()
    from simulation.physics import init_genesis

    try:
        init_genesis()
        result = measure(args.views)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")
    sys.stdout.write(json.dumps({key: round(value, 4) for key, value in result.items()}) + "\n")


if __name__ == "__main__":
    main()
