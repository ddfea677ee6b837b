"""Five test objects close together on a table, removed one by one: the packed protocol of VGN and GIGA, with this
project's gripper, camera faults and criterion of success.

In a round the camera looks from one side, and the best-scored grasp over all visible objects is tried in physics. An
object that is lifted and held is removed. The round ends when the table is empty, when no grasp can be chosen, or after
two failures in a row. Grasp success is successes per attempt; declutter rate is the share of objects removed. --out
gets rounds/METHOD-NNN.json, result.json and table.md. An interrupted study continues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from perception.base.errors import ConfigError
from training.common.confidence import wilson
from training.common.mapping import Mapper
from training.dataset.catalogue import Entry, catalogue
from training.dataset.folder import Progress, save
from training.evaluation.method_names import CHECKED, RULES, check_names
from training.evaluation.study import run_study

SCHEMA = 1
OBJECTS = 5
FAILURES_IN_A_ROW = 2
TABLE_HALF_M, TABLE_HEIGHT_M, SPREAD_M, GAP_M = 0.25, 0.45, 0.17, 0.05
"""GAP_M: free space between any two objects, half of what the open jaws need."""
PLACES = 4000
LOOKS = 15


@dataclass(frozen=True)
class PackedStudy:
    """rounds: per method. The other fields are those of training.evaluation.grasp.Study."""

    rounds: int
    methods: tuple[str, ...] = ("heatmap",)
    seed: int = 0
    split: str = "test"
    per_family: int = 10
    heatmap: str | None = None

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ConfigError(f"--rounds {self.rounds} must be at least 1")
        check_names(self.methods)
        rules = ("heatmap", *RULES, *(rule + CHECKED for rule in RULES))
        unfit = [name for name in self.methods if name not in rules]
        if unfit:
            raise ConfigError(f"no score to choose an object by: {', '.join(unfit)}; choose from: {', '.join(rules)}")
        if len(self.entries) < OBJECTS:
            raise ConfigError(f"{len(self.entries)} {self.split} objects, {OBJECTS} are needed; give more --objects")

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in catalogue(self.per_family) if entry.split == self.split)


@dataclass(frozen=True)
class RoundJob:
    """One round of one method. The table and the first picture depend on the seed and the number only."""

    study: PackedStudy
    method: str
    number: int

    def __str__(self) -> str:
        return self.file

    @property
    def file(self) -> str:
        return f"rounds/{self.method}-{self.number:03d}.json"


def packed_scene(entries: Sequence[Entry], seed: int, number: int) -> Any:
    """A SceneSample: OBJECTS of the entries on a table, at least GAP_M apart, in random surroundings."""
    from perception.geometry import Pose
    from simulation.scene.build import Box, Placed, sample_scene
    from training.dataset.views import SEED_BASE, SPEC

    rng = np.random.default_rng([seed, number, 21])
    sample = sample_scene(SPEC, SEED_BASE + 7_000_000 + 10_000 * seed + number)
    assert sample.target is not None
    x, y = sample.target.world_from_object.position_m[:2]
    chosen = [entries[int(index)].make() for index in rng.permutation(len(entries))[:OBJECTS]]
    taken: list[tuple[float, float, float]] = []
    spread = SPREAD_M
    for _ in range(PLACES):
        u, v = rng.uniform(-spread, spread, 2)
        radius = float(np.linalg.norm(chosen[len(taken)].vertices[:, :2], axis=1).max())
        spread += 1e-4  # five wide objects need more room
        if all(np.hypot(u - a, v - b) >= radius + r + GAP_M for a, b, r in taken):
            taken.append((u, v, radius))
            if len(taken) == OBJECTS:
                break
    table = Box(
        (x, y, TABLE_HEIGHT_M / 2), (TABLE_HALF_M,) * 2 + (TABLE_HEIGHT_M / 2,), 0.0, sample.supports[0].texture
    )
    placed = [
        Placed(item, Pose.from_rpy((0.0, 0.0, rng.uniform(-np.pi, np.pi)), (x + u, y + v, TABLE_HEIGHT_M + 0.001)))
        for item, (u, v, _) in zip(chosen, taken, strict=True)
    ]
    return replace(sample, target=placed[0], clutter=tuple(placed[1:]), supports=(table,))


def round_job(job: RoundJob) -> tuple[str, dict[str, Any]]:
    """(file, record of the round). Genesis must have been started."""
    from behaviours.robots.spot.model import SPOT
    from simulation.trials.packed_table import PackedTable
    from training.evaluation.grasp import shipped_or
    from training.evaluation.methods import make_methods

    study = job.study
    heatmap = shipped_or(study.heatmap) if job.method == "heatmap" else None
    method = make_methods((job.method,), heatmap, None)[job.method]
    rng = np.random.default_rng([study.seed, job.number, 22])
    sample = packed_scene(study.entries, study.seed, job.number)
    outcomes: list[dict[str, str]] = []
    in_a_row, ended = 0, "empty"
    with PackedTable(sample, SPOT.hand_camera) as table:
        while table.left:
            chosen = _choose(table, sample, method, rng)
            if chosen is None:
                ended = "nothing to grip in sight"
                break
            index, pose = chosen
            outcome = table.attempt(index, pose)
            outcomes.append({"object": table.placed[index].object.name, "outcome": outcome})
            in_a_row = 0 if outcome == "success" else in_a_row + 1
            if in_a_row == FAILURES_IN_A_ROW:
                ended = "two failures in a row"
                break
    return job.file, {"method": job.method, "objects": OBJECTS, "outcomes": outcomes, "ended": ended}


def _choose(table: Any, sample: Any, method: Any, rng: np.random.Generator) -> tuple[int, Any] | None:
    """(object, world_from_hand) of the best-scored grasp in the first picture that allows one."""
    from training.dataset.viewpoints import ViewPreset, camera_pose
    from training.evaluation.scenes import sighted

    preset = ViewPreset((0.55, 0.85), (0.3, 0.75), (-1.0, 1.0), 0.1)
    for _ in range(LOOKS):
        world_from_camera = camera_pose(rng, preset, sample)
        best: tuple[float, int, Any] | None = None
        for index, case in sighted(table, world_from_camera, sorted(table.left), rng):
            choice = method(case.frame, case.detection, case.truth, rng)
            if choice.world_from_hand is not None and (best is None or choice.score > best[0]):
                best = choice.score, index, choice.world_from_hand
        if best is not None:
            return best[1:]
    return None


def evaluate_packed(
    study: PackedStudy, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Run the missing rounds; returns the content of result.json. ConfigError if `out` holds another study."""
    methods = tuple(dict.fromkeys(study.methods))
    jobs = [RoundJob(study, method, number) for number in range(study.rounds) for method in methods]

    def summaries(facts: list[dict[str, Any]]) -> dict[str, Any]:
        return {name: summary(facts, name) for name in methods}

    result = run_study(study, SCHEMA, out, jobs, round_job, summaries, mapper, "rounds", progress, device)
    save(out / "table.md", packed_table(result).encode())
    return result


def summary(records: Sequence[dict[str, Any]], method: str) -> dict[str, Any]:
    """success_rate with its 95 % Wilson interval, declutter_rate, counts of failures and of endings."""
    mine = [record for record in records if record["method"] == method]
    outcomes = [attempt["outcome"] for record in mine for attempt in record["outcomes"]]
    good, objects = outcomes.count("success"), sum(record["objects"] for record in mine)
    return {
        "rounds": len(mine),
        "attempts": len(outcomes),
        "successes": good,
        "success_rate": good / len(outcomes) if outcomes else 0.0,
        "interval": list(wilson(good, len(outcomes))),
        "declutter_rate": good / objects if objects else 0.0,
        "failures": dict(Counter(outcome for outcome in outcomes if outcome != "success").most_common()),
        "ended": dict(Counter(record["ended"] for record in mine).most_common()),
    }


def packed_table(result: dict[str, Any]) -> str:
    """Markdown, a row per method."""
    lines = ["| method | rounds | grasp success | 95 % interval | declutter rate | failures |", "|---" * 6 + "|"]
    for name, facts in result["methods"].items():
        low, high = facts["interval"]
        failures = ", ".join(f"{reason} {count}" for reason, count in facts["failures"].items()) or "none"
        share = f"{facts['successes']}/{facts['attempts']} = {100 * facts['success_rate']:.1f} %"
        lines.append(
            f"| {name} | {facts['rounds']} | {share} "
            f"| {100 * low:.1f} to {100 * high:.1f} % | {100 * facts['declutter_rate']:.1f} % | {failures} |"
        )
    return "\n".join(lines) + "\n"
