"""A study in a folder: `study.json` holds the options, each job writes one file, `result.json` is written last.

An interrupted study continues where it stopped. The folder refuses another study.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.folder import read_json, save


class Job(Protocol):
    """One job of a study."""

    @property
    def file(self) -> str:
        """The JSON file of its facts, relative to the folder."""


J = TypeVar("J", bound=Job)
Times = dict[str, dict[str, float]]
"""Median milliseconds of each stage of each method."""
Summarise = Callable[[list[dict[str, Any]]], dict[str, Any]]


def run_study(
    study: Any,
    schema: int,
    out: Path,
    jobs: Sequence[J],
    function: Callable[[J], tuple[str, dict[str, Any]]],
    summarise: Summarise,
    mapper: Mapper,
    stage: str,
    progress: Progress,
    device: str,
) -> tuple[dict[str, Any], Times]:
    """Run the missing jobs; returns the contents of result.json (schema, study, methods) and of times.json.

    study: a dataclass that JSON can hold. function: maps a job to (its file, its facts); Genesis is started where it
    runs. summarise: maps the facts of all jobs, in order, to the entries of the methods. Durations (`seconds` of each
    of a job's `trials`) go to a separate file, so that all other files have the same bytes each time. `pictures` of a
    job, names and contents, are files of their own. ConfigError if `out` holds another study or cannot be written.
    """
    from training.dataset.jobs import start_genesis

    record = {"schema": schema, **json.loads(json.dumps(asdict(study)))}
    if (out / "study.json").is_file():
        if read_json(out / "study.json") != record:
            raise ConfigError(f"{out} holds another study; give the same options, or another --out")
    elif out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out}: not empty and no study (no study.json); choose another --out")
    else:
        save(out / "study.json", json_text(record, indent=1).encode())
    todo = [job for job in jobs if not (out / job.file).is_file()]
    progress(stage, len(jobs) - len(todo), len(jobs))
    results = mapper.map(function, todo, partial(start_genesis, device))
    for done, (file, facts) in enumerate(results, len(jobs) - len(todo) + 1):
        seconds = [trial.pop("seconds", {}) for trial in facts.get("trials", ())]
        save(times_file(out, file), json_text({"seconds": seconds}).encode())
        for name, content in facts.pop("pictures", {}).items():
            save(out / name, content)
        save(out / file, json_text(facts).encode())
        progress(stage, done, len(jobs))
    result = {"schema": schema, "study": record, "methods": summarise([read_json(out / job.file) for job in jobs])}
    times = _stage_times(jobs, out)
    save(out / "result.json", json_text(result, indent=1).encode())
    save(out / "times.json", json_text(times, indent=1).encode())
    return result, times


def times_file(out: Path, file: str) -> Path:
    """The file of a job's durations: seconds per stage, for each trial in order."""
    return out / "times" / Path(file).name


def _stage_times(jobs: Sequence[Job], out: Path) -> Times:
    by_method: dict[str, dict[str, list[float]]] = {}
    for job in jobs:
        trials, times = read_json(out / job.file)["trials"], read_json(times_file(out, job.file))["seconds"]
        for trial, seconds in zip(trials, times, strict=True):
            for stage, value in seconds.items():
                by_method.setdefault(trial["method"], {}).setdefault(stage, []).append(value)
    return {
        method: {stage: 1e3 * float(np.median(values)) for stage, values in sorted(stages.items())}
        for method, stages in by_method.items()
    }
