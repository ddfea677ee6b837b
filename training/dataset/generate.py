"""Make a data set from a plan.

A data set is a folder:

    plan.json             the options: schema, preset, counts, seed. Written first; the folder refuses another plan.
    labels/NAME.npz       one per object: surface samples and the outcome of each grasp (training.dataset.labels.grasps)
    views/view-*.npz      one per picture: colour, depth, objects, poses (training.dataset.views)
    projected/view-*.npz  the label picture of each view (training.dataset.labels.project)
    dataset.json          schema, units, counts, size and SHA-256 of every file. Written last.

Lengths are in metres, angles in radians. Depth pictures are uint16, in 0.1 mm along the optical axis, 0 = nothing
within 6 m. Label pictures are int8, as training.dataset.labels.project defines them. Poses are 4x4, A_from_B. Files are
written whole or not at all, and a killed run continues. On one machine equal plans give equal bytes, for any number of
processes, with or without Ray.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from perception.base.errors import ConfigError, WriteError
from perception.base.plain_json import json_text
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset import jobs
from training.dataset.folder import claim, digest, save
from training.dataset.labels.project import project
from training.dataset.plan import Plan

SCHEMA = 2
"""Of plan.json and dataset.json."""
UNITS = {
    "views/depth": "uint16, 1e-4 m along the optical axis, 0 = nothing within 6 m",
    "views/rgb": "uint8 RGB",
    "views/world_from_camera": "4x4, optical axes x right y down z forward, metres",
    "views/world_from_object": "(K, 4, 4), metres, object base on z = 0",
    "views/intrinsics": "fx, fy, cx, cy in pixels",
    "labels/points": "(N, 3) metres, object frame",
    "labels/normals": "(N, 3) unit, outwards, object frame",
    "labels/width_m": "metres across the jaws",
    "labels/opening": "0 closed to 1 open, at the end",
    "projected/labels": "int8, 1 good, 0 bad, -1 unknown, -2 .. -100 minus the percentage that is good",
}
PARTS = ("labels", "views", "projected")


def generate(
    plan: Plan, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Make the missing files of a data set; returns the content of dataset.json without the list of files.

    plan: what it holds. out: the folder. mapper: runs the jobs. progress: called after each job. device: what physics
    computes on. ConfigError if the folder holds another plan's data or cannot be written. Finished files stay; the same
    call continues.
    """
    claim(plan, SCHEMA, out)
    entries = plan.entries
    labels = [jobs.LabelJob(plan.preset, entry.family, entry.seed, "", plan.samples) for entry in entries]
    labels += [jobs.LabelJob(plan.preset, "mesh", 0, mesh, plan.samples) for mesh in plan.meshes]
    views = [jobs.ViewJob(plan, scene) for scene in range(plan.scenes)]
    for stage, function, stage_jobs in (("labels", jobs.label_job, labels), ("views", jobs.view_job, views)):
        todo: Sequence[Any] = [job for job in stage_jobs if not (out / job.last_file).is_file()]
        done = len(stage_jobs) - len(todo)
        progress(stage, done, len(stage_jobs))
        for files in mapper.map(function, todo, partial(jobs.start_genesis, device)):
            for name, content in files:
                save(out / name, content)
            done += 1
            progress(stage, done, len(stage_jobs))
    progress("projection", 0, 1)
    counts = _projected(plan, out)
    progress("projection", 1, 1)
    return _finish(plan, out, counts)


def _projected(plan: Plan, out: Path) -> dict[str, int]:
    try:
        counts = project(out / "views", out / "labels", out / "projected", criterion=criterion(plan.preset))
    except (OSError, WriteError) as error:
        raise ConfigError(f"cannot write {out}: {error.strerror or error}; run the same command to go on") from error
    del counts["written"]
    return counts


def criterion(preset: str) -> str:
    """The criterion of a preset's labels (`labels.project.load_labels`): "grasp", or "contact" as in the paper."""
    return "contact" if preset == "paper" else "grasp"


def _finish(plan: Plan, out: Path, counts: dict[str, int]) -> dict[str, Any]:
    (out / "dataset.json").unlink(missing_ok=True)
    files = {}
    for part in PARTS:
        for path in sorted((out / part).glob("*.npz")):
            files[f"{part}/{path.name}"] = {"bytes": path.stat().st_size, "sha256": digest(path)}
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "spot-grasp data set",
        "plan": json.loads(json.dumps(asdict(plan))),
        "criterion": criterion(plan.preset),
        "units": UNITS,
        "counts": {"objects": len(list((out / "labels").glob("*.npz"))), **counts},
    }
    save(out / "dataset.json", json_text({**summary, "files": files}, indent=1).encode())
    return summary
