"""Speed of labels by simulating surface samples and projecting them, compared with simulating every pixel.

`python -m training.studies.measure_labels [--views N]`

For the paper's preset, in one process: measures a batch of contact trials, a view, its projection and the building of
scenes, and computes the time of the whole preset. Per-pixel simulation would need one trial per pixel. JSON on stdout.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_labels")

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TypeVar

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from training.dataset.catalogue import Entry
from training.dataset.folder import npz_bytes, save
from training.dataset.plan import Plan, plan_for

Result = TypeVar("Result")

BATCH = 512
BATCHES = 3
"""Number of timed batches, of which the median is taken."""


def measure(views: int = 12) -> dict[str, float]:
    """Seconds of a batch, a view, its projection, building and the whole preset; pixels per view; rates and their
    ratio.

    views: number of views to time, at least 2 (ConfigError). A view includes packing it for its file. Genesis must have
    been started.
    """
    from training.dataset.jobs import LabelJob, ViewJob, label_job, view_job
    from training.dataset.labels.project import project

    if views < 2:
        raise ConfigError(f"--views {views} must be at least 2")
    plan = plan_for("paper")
    (entry,) = plan.entries
    # compile the kernels that are timed below
    labels = label_job(LabelJob(plan.preset, entry.family, entry.seed, "", BATCH))
    view_job(ViewJob(replace(plan, views=1), 0))
    bench_s, batch_s = _trials(entry)
    scene_s, view_s, seen = _views(plan, views)
    with tempfile.TemporaryDirectory(prefix="spot-grasp-labels-") as name:
        folder = Path(name)
        for file, content in (*labels, *seen):
            save(folder / file, content)
        projecting_s, counts = _timed(
            lambda: project(folder / "views", folder / "labels", folder / "projected", criterion="contact")
        )
    pixels, projection_s = (counts["good"] + counts["bad"]) / views, projecting_s / views
    total = plan.scenes * plan.views
    build_s = bench_s + plan.scenes * scene_s
    preset_s = build_s + plan.samples / BATCH * batch_s + total * (view_s + projection_s)
    rate, each = pixels * total / preset_s, BATCH / batch_s
    return {
        "batch_s": batch_s,
        "view_s": view_s,
        "projection_s": projection_s,
        "build_s": build_s,
        "pixels": pixels,
        "preset_s": preset_s,
        "pixels_per_s": rate,
        "trials_per_s": each,
        "ratio": rate / each,
    }


def _trials(entry: Entry) -> tuple[float, float]:
    """(seconds to build a batch's scene, seconds of one batch)."""
    from simulation.trials.contact_trials import ContactBench, paper_hand_pose
    from training.dataset.labels.grasps import sample_surface

    item = entry.make()
    samples = zip(*sample_surface(item, BATCH, item.seed), strict=True)
    poses = [paper_hand_pose(point, normal) for point, normal in samples]
    build_s, bench = _timed(lambda: ContactBench(item, BATCH))
    with bench:
        return build_s, median(_timed(lambda: bench.close(poses))[0] for _ in range(BATCHES))


def _views(plan: Plan, views: int) -> tuple[float, float, list[tuple[str, bytes]]]:
    """(seconds to build a scene, seconds of one view, the views' files)."""
    from simulation.genesis.scene_camera import SceneCamera
    from training.dataset.jobs import ViewJob
    from training.dataset.scenes import paper_scene
    from training.dataset.viewpoints import PAPER_CAMERA, paper_pose
    from training.dataset.views import render_view

    job, (entry,) = ViewJob(plan, 0), plan.entries
    sample = paper_scene(entry.make(), plan.seed)
    build_s, camera = _timed(lambda: SceneCamera(sample, PAPER_CAMERA))
    with camera:
        poses = iter([paper_pose(index, plan.seed) for index in range(views)])
        made = [_timed(lambda: npz_bytes(**render_view(camera, PAPER_CAMERA, next(poses)))) for _ in range(views)]
    files = [(job.file(index), content) for index, (_, content) in enumerate(made)]
    return build_s, median(seconds for seconds, _ in made), files


def _timed(function: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=12)
    args = parser.parse_args()
    from simulation.genesis.physics import init_genesis

    init_genesis()
    result = measure(args.views)
    sys.stdout.write(json_text({key: round(value, 4) for key, value in result.items()}) + "\n")
