"""A study in a folder: `study.json` says what was asked for, each job leaves a file, `result.json` is written last.

One that was broken off goes on where it stopped; another study is refused in the same folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from training.common.mapping import Mapper
from training.dataset.folder import Progress, read_json, save


class Job(Protocol):
    """A part of a study."""

    @property
    def file(self) -> str:
        """Where in the folder its facts go, JSON."""


J = TypeVar("J", bound=Job)
Summarise = Callable[[list[dict[str, Any]]], dict[str, Any]]


def carry_out(
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
) -> dict[str, Any]:
    """Run what is missing; returns what result.json says: schema, study, methods.

    How long the methods took, under `seconds` of each of a job's `trials`, goes to a file of its own, so that the other
    files are the same bytes each time.

    study: a dataclass that JSON can hold. function: a job to (its file, its facts), run where Genesis was started.
    summarise: the facts of all jobs, in their order, to what is told of each method. ConfigError if `out` holds another
    study or cannot be written.
    """
    from training.dataset.jobs import start_genesis

    wanted = {"schema": schema, **json.loads(json.dumps(asdict(study)))}
    if (out / "study.json").is_file():
        if read_json(out / "study.json") != wanted:
            raise ConfigError(f"{out} holds another study; give the same options, or another --out")
    elif out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out}: not empty and no study (no study.json); choose another --out")
    else:
        save(out / "study.json", json_text(wanted, indent=1).encode())
    todo = [job for job in jobs if not (out / job.file).is_file()]
    progress(stage, len(jobs) - len(todo), len(jobs))
    made = mapper.map(function, todo, partial(start_genesis, device))
    for done, (file, facts) in enumerate(made, len(jobs) - len(todo) + 1):
        seconds = [trial.pop("seconds", {}) for trial in facts.get("trials", ())]
        save(times_file(out, file), json_text({"seconds": seconds}).encode())
        save(out / file, json_text(facts).encode())
        progress(stage, done, len(jobs))
    result = {"schema": schema, "study": wanted, "methods": summarise([read_json(out / job.file) for job in jobs])}
    save(out / "result.json", json_text(result, indent=1).encode())
    return result


def times_file(out: Path, file: str) -> Path:
    """Where the times of a job with this file are: seconds a stage, for each trial in order."""
    return out / "times" / Path(file).name
