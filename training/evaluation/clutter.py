"""The field's benchmark of grasping among other things: VGN's and GIGA's packed and pile scenes, with Spot's gripper.

A round: look, let the method choose a grasp, try it in physics; what is lifted is taken away; look again. It ends when
the table is empty, when nothing is proposed, or after some failures in a row. GSR, the grasp success rate, is successes
per attempt; DR, the declutter rate, the share of all objects that were taken away. Every method gets the same scenes.
OUT gets rounds/NNN.json, pictures/ of failures, result.json, table.md and failures.png. A study that was broken off
goes on. Durations differ from run to run, so times/, times.json and times.md hold them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.catalogue import Entry, catalogue
from training.dataset.folder import save
from training.evaluation.clutter_names import SCALES, Kind, Noise, View, check_clutter_names
from training.evaluation.clutter_report import failure_sheet, summary, table, times_table
from training.evaluation.methods.names import check_names, needs_masks, needs_network
from training.evaluation.study import Times, run_study

if TYPE_CHECKING:
    from simulation.scene.user_objects import ObjectFile

SCHEMA = 2
"""2: the benchmark's own scenes and success, all methods of a round in one file."""
PICTURE_PX = 320
"""Width of a failure's picture."""


@dataclass(frozen=True)
class ClutterStudy:
    """What is compared on what.

    kind: "packed" or "pile". rounds: scenes, each cleared by every method. objects: folder of URDF or mesh files, None
    for the project's own test objects. objects_sha256: of what the folder held. count: objects of a scene. failures: in
    a row that end a round. view, noise, known_table: see training.evaluation.clutter_scenes. scale: of the objects,
    drawn evenly. split, per_family, heatmap, ways, paper: as in training.evaluation.grasp.Study.
    """

    kind: Kind
    rounds: int
    methods: tuple[str, ...]
    objects: str | None = None
    objects_sha256: str = ""
    count: int = 5
    failures: int = 2
    view: View = "side"
    noise: Noise = "dex"
    known_table: bool = False
    scale: tuple[float, float] = (0.0, 0.0)
    seed: int = 0
    split: str = "test"
    per_family: int = 10
    heatmap: str | None = None
    ways: str | None = None
    paper: str | None = None

    def __post_init__(self) -> None:
        for option, value in (("rounds", self.rounds), ("count", self.count), ("failures", self.failures)):
            if value < 1:
                raise ConfigError(f"--{option} {value} must be at least 1")
        check_names(self.methods)
        check_clutter_names(self.kind, self.view, self.noise)
        if "oracle" in self.methods:
            raise ConfigError("the method oracle knows no grasps among other things; leave it out")
        if "paper" in self.methods and self.paper is None:
            raise ConfigError("the method paper needs --paper-run, a folder of spot-grasp train heatmap --recipe paper")
        if not self.objects and not self.entries:
            raise ConfigError(f"no {self.split} object among {self.per_family} a family")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The project's own objects."""
        return tuple(entry for entry in catalogue(self.per_family) if entry.split == self.split)


def study_of(kind: Kind, objects: Path | None, scale: tuple[float, float] | None, **values: Any) -> ClutterStudy:
    """A study, its objects read and its scale filled in. ConfigError for objects that cannot be used."""
    digest = ""
    if objects is not None:
        from simulation.scene.user_objects import find_objects

        digest = digest_of(find_objects(objects))
        values["objects"] = str(objects.resolve())
    return ClutterStudy(kind, objects_sha256=digest, scale=scale or SCALES[kind], **values)


@dataclass(frozen=True)
class RoundJob:
    """One scene, cleared by every method. It and the first picture depend on seed and number alone."""

    study: ClutterStudy
    number: int

    def __str__(self) -> str:
        return self.file

    @property
    def file(self) -> str:
        return f"rounds/{self.number:03d}.json"


def round_job(job: RoundJob) -> tuple[str, dict[str, Any]]:
    """(file, what happened); Genesis must have been started."""
    from simulation.trials.clutter_table import ClutterTable
    from training.evaluation.clutter_scenes import CAMERA, PROTOCOL, clutter_scene
    from training.evaluation.grasp import path_of, shipped_or
    from training.evaluation.methods.make import make_methods

    study = job.study
    heatmap = shipped_or(study.heatmap) if needs_network(study.methods) else None
    methods = make_methods(study.methods, heatmap, path_of(study.paper), path_of(study.ways))
    names, makers = _objects(study)
    scene = clutter_scene(study.kind, makers, study.count, study.scale, study.seed, job.number)
    labels = [names[index] for index, _ in scene.chosen]
    trials: list[dict[str, Any]] = []
    ended: dict[str, str] = {}
    pictures: dict[str, bytes] = {}
    with ClutterTable(scene.sample, CAMERA, PROTOCOL, scene.drops) as clutter:
        for name, method in methods.items():
            clutter.start_again()
            tried, ended[name] = _clear(clutter, method, name, job, labels)
            for attempt, (record, picture) in enumerate(tried):
                trials.append(record)
                if not record["success"]:
                    file = f"pictures/{name}-{job.number:03d}-{attempt:02d}.jpg"
                    pictures[file], record["picture"] = small_jpeg(picture), file
        facts = {"objects": labels, "count": clutter.count, "trials": trials, "ended": ended}
    return job.file, {**facts, "pictures": pictures}


def _clear(
    clutter: Any, method: Any, name: str, job: RoundJob, labels: Sequence[str]
) -> tuple[list[tuple[dict[str, Any], Any]], str]:
    """(a record and a picture of each attempt, why it ended)."""
    from training.evaluation.clutter_scenes import look

    study = job.study
    tried: list[tuple[dict[str, Any], Any]] = []
    in_a_row = 0
    failed: list[Any] = []
    while clutter.left:
        rng = np.random.default_rng([study.seed, job.number, len(tried), 32])
        seen = look(clutter, study.view, study.noise, needs_masks(name), study.known_table, rng)
        proposals = method(replace(seen, tried=tuple(failed)), rng)
        if not proposals.grasps:
            return tried, proposals.reason or "nothing proposed"
        best = proposals.grasps[0]
        attempt = clutter.attempt(best.world_from_hand, best.opening, best.closing)
        success = attempt.outcome == "success"
        record = {
            "method": name,
            "object": labels[attempt.object] if attempt.object >= 0 else "",
            "outcome": attempt.outcome,
            "success": success,
            "held": attempt.held,
            "score": round(float(best.score), 4),
            "seconds": proposals.seconds,
        }
        tried.append((record, attempt.picture))
        in_a_row = 0 if success else in_a_row + 1
        failed += [] if success else [best.world_from_hand]
        if in_a_row == study.failures:
            return tried, f"{study.failures} failures in a row"
    return tried, "empty"


def _objects(study: ClutterStudy) -> tuple[list[str], list[Any]]:
    """(names, makers from scale and number) of the study's objects."""
    if study.objects is not None:
        files = _read_once(study.objects, study.objects_sha256)
        return [file.name for file in files], [file.make for file in files]
    from training.evaluation.clutter_scenes import scaled

    return [entry.name for entry in study.entries], [partial(scaled, entry.make) for entry in study.entries]


@lru_cache(maxsize=1)
def _read_once(folder: str, sha256: str) -> tuple[ObjectFile, ...]:
    """The objects of a folder, read once in each process: hundreds take seconds. ConfigError if they have changed."""
    from simulation.scene.user_objects import find_objects

    files = find_objects(Path(folder))
    if digest_of(files) != sha256:
        raise ConfigError(f"{folder}: its objects have changed since the study began; start another one")
    return files


def digest_of(files: Sequence[ObjectFile]) -> str:
    """SHA-256 of all objects."""
    return sha256_of(file.digest.encode() for file in files)


def small_jpeg(picture: Any) -> bytes:
    """A picture (H, W, 3) uint8 RGB as a JPEG of PICTURE_PX."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (PICTURE_PX, round(height * PICTURE_PX / width)), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def evaluate_clutter(
    study: ClutterStudy, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> tuple[dict[str, Any], Times]:
    """Run what is missing of the study; returns what result.json and times.json say. ConfigError if `out` holds another
    study."""
    methods = tuple(dict.fromkeys(study.methods))
    jobs = [RoundJob(study, number) for number in range(study.rounds)]
    facts: list[dict[str, Any]] = []

    def rates(rounds: list[dict[str, Any]]) -> dict[str, Any]:
        facts.extend(rounds)
        return {name: summary(rounds, name) for name in methods}

    result, times = run_study(study, SCHEMA, out, jobs, round_job, rates, mapper, "rounds", progress, device)
    save(out / "times.md", times_table(times).encode())
    save(out / "table.md", table(result).encode())
    save(out / "failures.png", failure_sheet(out, facts))
    return result, times
