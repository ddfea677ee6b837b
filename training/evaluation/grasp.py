"""Whole trials from picture to lift: each method chooses a grasp in the same noisy pictures of held-out objects, and a
free gripper tries it in physics, hundreds at a time.

A trial succeeds if the object is lifted and held through the shake, and the gripper never touches the support. --out
gets trials/NAME.json for each object, result.json, table.md and plots. An interrupted run continues. Durations differ
from run to run, so times.json and times/NAME.json hold them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from perception.base.errors import ConfigError
from training.common.confidence import mcnemar, wilson
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.catalogue import Entry, catalogue
from training.evaluation.methods.names import check_names, needs_network
from training.evaluation.placements import Placement
from training.evaluation.study import run_study

SCHEMA = 3
"""Of study.json and result.json."""


WIDE_SUPPORT_HALF_M = 0.3
"""Of the support of people's own objects: low ones are gripped from above, where a narrow support would hide a hit."""


@dataclass(frozen=True)
class Study:
    """Which methods are compared on which objects.

    trials: number of pictures; every method is tried in each. methods: their names. seed: of the scenes. per_family:
    size of the catalogue whose `split` is used. masks: "rendered", with edges wrong by up to 2 px, or "detector".
    heatmap, ways: network files, None for the shipped networks. paper: run folder of the recipe "paper". labels: folder
    of label files, for the oracle; without it the oracle takes the best of the family. meshes: people's own objects as
    they lie, instead of the catalogue's.
    """

    trials: int
    methods: tuple[str, ...]
    seed: int = 0
    split: str = "test"
    per_family: int = 10
    masks: str = "rendered"
    heatmap: str | None = None
    ways: str | None = None
    paper: str | None = None
    labels: str | None = None
    meshes: tuple[Placement, ...] = ()

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise ConfigError(f"--trials {self.trials} must be at least 1")
        check_names(self.methods)
        if self.masks not in ("rendered", "detector"):
            raise ConfigError(f"--masks {self.masks}: choose rendered or detector")
        if not self.entries:
            raise ConfigError(f"no {self.split} object among {self.per_family} a family")
        if "paper" in self.methods and self.paper is None:
            raise ConfigError("the method paper needs --paper-run, a folder of spot-grasp train heatmap --recipe paper")

    @property
    def entries(self) -> tuple[Entry | Placement, ...]:
        """The objects that the study uses."""
        return self.meshes or tuple(entry for entry in catalogue(self.per_family) if entry.split == self.split)

    def shares(self) -> list[tuple[Entry | Placement, int]]:
        """(object, number of its pictures), spread as evenly as possible."""
        base, rest = divmod(self.trials, len(self.entries))
        return [(entry, base + (index < rest)) for index, entry in enumerate(self.entries) if base + (index < rest)]


@dataclass(frozen=True)
class ObjectJob:
    """All trials on one object."""

    study: Study
    entry: Entry | Placement
    count: int

    def __str__(self) -> str:
        return self.file

    @property
    def file(self) -> str:
        return f"trials/{self.entry.name}.json"


def object_job(job: ObjectJob) -> tuple[str, dict[str, Any]]:
    """(file, {"trials": one record per picture and method}). Genesis must have been started."""
    from simulation.trials.grasp_trials import SUPPORT_HALF_M, run_trials
    from training.evaluation.methods.make import make_methods
    from training.evaluation.scenes import NOTHING_KNOWN, cases

    study = job.study
    heatmap = shipped_or(study.heatmap) if needs_network(study.methods) else None
    methods = make_methods(study.methods, heatmap, path_of(study.paper), path_of(study.ways))
    half_m = SUPPORT_HALF_M if isinstance(job.entry, Entry) else WIDE_SUPPORT_HALF_M
    known = _known(job, half_m) if "oracle" in study.methods else NOTHING_KNOWN
    pictures = cases(job.entry, job.count, study.seed, known)
    detect = _detector() if study.masks == "detector" else None
    records: list[dict[str, Any]] = []
    tried: list[tuple[dict[str, Any], Any, Any]] = []
    for number, case in enumerate(pictures):
        detection = case.detection if detect is None else detect(case)
        for name, method in methods.items():
            of = {"object": job.entry.name, "family": job.entry.family}
            record: dict[str, Any] = {**of, "picture": number, "method": name, "outcome": ""}
            records.append(record)
            if detection is None:
                record |= {"outcome": "not detected", "seconds": {}}
                continue
            rng = np.random.default_rng([study.seed, job.entry.seed, number])
            proposals = method(case.look(detection), rng)
            record |= {"seconds": proposals.seconds, "outcome": proposals.reason}
            for best in proposals.grasps[:1]:
                record |= errors_of(case, best)
                tried.append((record, case.truth.world_from_object.inverse(), best))
    if tried:
        results = run_trials(
            job.entry.make(),
            [object_from_world @ best.world_from_hand for _, object_from_world, best in tried],
            support_half_m=half_m,
            openings=[best.opening for _, _, best in tried],
            closing=[object_from_world @ best.closing for _, object_from_world, best in tried],
        )
        for index, (record, _, _) in enumerate(tried):
            flags = {key: bool(getattr(results, key)[index]) for key in ("lifted", "held", "collided_support")}
            record["outcome"] = outcome(**flags)
    return job.file, {"trials": records}


def _known(job: ObjectJob, support_half_m: float) -> Any:
    """What the oracle knows of the object."""
    from training.evaluation.family_oracle import best_of_family
    from training.evaluation.scenes import NOTHING_KNOWN, known_grasps

    if job.study.labels:
        return known_grasps(job.entry, Path(job.study.labels))
    return replace(NOTHING_KNOWN, in_family=best_of_family(job.entry.make(), job.study.seed, support_half_m))


def outcome(*, lifted: bool, held: bool, collided_support: bool) -> str:
    """ "success", or the first reason of failure."""
    if collided_support:
        return "hit the support"
    if not lifted:
        return "not lifted"
    return "success" if held else "lost while shaken"


def errors_of(case: Any, choice: Any) -> dict[str, float]:
    """Errors of the chosen point (position_m) and normal (angle_rad) against the surface at the chosen pixel."""
    from perception.surface.normals import plane_fit_normals

    if choice.pixel_uv is None or choice.normal_world is None:
        return {}
    u, v = choice.pixel_uv
    clean = case.truth.clean_depth
    height, width = clean.shape
    if not (0 <= u < width and 0 <= v < height) or not case.mask[v, u]:
        return {}
    camera = case.frame.intrinsics
    point = camera.back_project(u, v, choice.depth_m) - camera.back_project(u, v, float(clean[v, u]))
    true = plane_fit_normals(clean, camera, 3.0, case.mask)[v, u].astype(np.float64)
    errors = {"position_m": float(np.linalg.norm(point))}
    if true.any():
        cosine = float(np.clip(case.frame.world_from_camera.rotation @ true @ choice.normal_world, -1.0, 1.0))
        errors["angle_rad"] = float(np.arccos(cosine))
    return errors


def shipped_or(path: str | None) -> Any:
    """The heatmap network of a file, or the shipped one."""
    from perception.quality.heatmap import DEFAULT_WEIGHTS, OnnxHeatmap

    return OnnxHeatmap(path_of(path) or DEFAULT_WEIGHTS)


def path_of(text: str | None) -> Path | None:
    """A path that a study holds as text."""
    return Path(text) if text else None


def _detector() -> Callable[[Any], Any]:
    from perception.detection.detector import OnnxDetector

    detector = OnnxDetector()

    def detect(case: Any) -> Any:
        if case.detection.label not in detector.labels:
            return None
        detections = detector.detect(case.frame, (case.detection.label,), 0.25)
        return detections[0] if detections else None

    return detect


def evaluate(
    study: Study, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Run the missing trials; returns the content of result.json.

    study: what is compared. out: the folder. mapper: runs the jobs. progress: called after each job. device: what
    physics computes on. ConfigError if `out` holds another study.
    """
    jobs = [ObjectJob(study, entry, count) for entry, count in study.shares()]

    def methods(facts: list[dict[str, Any]]) -> dict[str, Any]:
        return summarise([trial for fact in facts for trial in fact["trials"]], study.methods)

    result, _ = run_study(study, SCHEMA, out, jobs, object_job, methods, mapper, "objects", progress, device)
    return result


def summarise(records: Sequence[dict[str, Any]], methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Per method: success_rate, its 95 % Wilson interval, median errors, counts of failures, successes and trials of
    each family, and a comparison with the first method in the same pictures."""
    summary: dict[str, dict[str, Any]] = {}
    first = _successes(records, methods[0])
    for name in dict.fromkeys(methods):
        mine = [record for record in records if record["method"] == name]
        good = [record["outcome"] == "success" for record in mine]
        families: dict[str, list[bool]] = {}
        for record, success in zip(mine, good, strict=True):
            families.setdefault(record["family"], []).append(success)
        summary[name] = {
            "trials": len(mine),
            "successes": sum(good),
            "success_rate": sum(good) / len(mine) if mine else 0.0,
            "interval": list(wilson(sum(good), len(mine))),
            "position_mm": _median(mine, "position_m", 1e3),
            "angle_deg": _median(mine, "angle_rad", 180 / np.pi),
            "failures": dict(Counter(r["outcome"] for r in mine if r["outcome"] != "success").most_common()),
            "families": {family: [sum(flags), len(flags)] for family, flags in sorted(families.items())},
        }
        if name != methods[0]:
            here = _successes(records, name)
            lost, won = len(first - here), len(here - first)
            summary[name]["paired"] = {"with": methods[0], "only_it": lost, "only_this": won, "p": mcnemar(lost, won)}
    return summary


def _successes(records: Sequence[dict[str, Any]], method: str) -> set[tuple[str, int]]:
    """(object, picture number) of each trial in which a method succeeds."""
    mine = [record for record in records if record["method"] == method and record["outcome"] == "success"]
    return {(record["object"], record["picture"]) for record in mine}


def _median(records: Sequence[dict[str, Any]], key: str, scale: float) -> float | None:
    values = [record[key] for record in records if key in record]
    return scale * float(np.median(values)) if values else None
