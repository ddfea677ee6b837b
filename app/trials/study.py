"""All outcomes of a test and what they say together; kept in a file that a later test compares itself with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from app.trials.outcome import LeafTime, Outcome, outcome_of
from perception.base.errors import ConfigError
from perception.base.files import read_json, write_atomic
from perception.base.plain_json import json_text

RESULTS: Final = "results.json"
MOST_BYTES: Final = 64_000_000
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Group:
    """Trials that failed alike. reason: their common reason, with # for numbers in which they differ. status: failure,
    error or lost."""

    status: str
    reason: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class TreeResult:
    """What came of one tree. low, high: of the success rate, Wilson's interval at 95 %. attempts: of the trials that
    succeeded, per number of attempts. robot_s: (median, longest) of them on the robot's clock, None without one.
    leaves: seconds a trial on the robot's clock, the slowest first."""

    tree: str
    outcomes: tuple[Outcome, ...]
    successes: int
    low: float
    high: float
    attempts: Mapping[int, int]
    robot_s: tuple[float, float] | None
    groups: tuple[Group, ...]
    leaves: tuple[LeafTime, ...]

    @property
    def rate(self) -> float:
        return self.successes / len(self.outcomes)


@dataclass(frozen=True)
class Study:
    """robot: its name. planned: number of trials asked for. outcomes: those that ended, in the order of trees and
    seeds. wall_s: of all together."""

    robot: str
    planned: int
    outcomes: tuple[Outcome, ...]
    wall_s: float

    @property
    def successes(self) -> int:
        return sum(outcome.success for outcome in self.outcomes)

    def trees(self) -> list[TreeResult]:
        """A result for each tree, in the order of the test."""
        by_tree: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.outcomes:
            by_tree[outcome.tree].append(outcome)
        return [_tree_result(tree, outcomes) for tree, outcomes in by_tree.items()]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; `trees` repeats the outcomes in short."""
        return {
            "robot": self.robot,
            "planned": self.planned,
            "wall_s": round(self.wall_s, 3),
            "trees": [_tree_json(tree) for tree in self.trees()],
            "trials": [outcome.as_json() for outcome in self.outcomes],
        }


def _tree_result(tree: str, outcomes: Sequence[Outcome]) -> TreeResult:
    from training.common.confidence import wilson

    good = [outcome for outcome in outcomes if outcome.success]
    attempts: dict[int, int] = defaultdict(int)
    for outcome in good:
        attempts[outcome.attempts] += 1
    times = [outcome.robot_s for outcome in good if outcome.robot_s is not None]
    return TreeResult(
        tree,
        tuple(outcomes),
        len(good),
        *wilson(len(good), len(outcomes)),
        dict(sorted(attempts.items())),
        (median(times), max(times)) if times else None,
        tuple(_groups(outcome for outcome in outcomes if not outcome.success)),
        tuple(_leaf_means(outcomes)),
    )


def _groups(failed: Iterable[Outcome]) -> list[Group]:
    """The largest first."""
    alike: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in failed:
        alike[outcome.status, NUMBER.sub("#", outcome.reason)].append(outcome)
    groups = [
        Group(status, _common([each.reason for each in same]), tuple(same)) for (status, _), same in alike.items()
    ]
    return sorted(groups, key=lambda group: -len(group.outcomes))


def _common(reasons: Sequence[str]) -> str:
    """Reasons that are equal but for their numbers, as one."""
    numbers = zip(*([number.group() for number in NUMBER.finditer(reason)] for reason in reasons), strict=True)
    common = (same[0] if len(set(same)) == 1 else "#" for same in numbers)
    return NUMBER.sub(lambda _: next(common), reasons[0])


def _leaf_means(outcomes: Sequence[Outcome]) -> list[LeafTime]:
    """The mean of all trials; a leaf that did not run in one took no time there."""
    seconds: dict[str, float] = defaultdict(float)
    runs: dict[str, int] = defaultdict(int)
    for outcome in outcomes:
        for leaf in outcome.leaves:
            seconds[leaf.path] += leaf.seconds / len(outcomes)
            runs[leaf.path] += leaf.runs
    means = [LeafTime(path, runs[path], round(seconds[path], 3)) for path in seconds]
    return sorted(means, key=lambda leaf: -leaf.seconds)


def _tree_json(tree: TreeResult) -> dict[str, Any]:
    return {
        "tree": tree.tree,
        "successes": tree.successes,
        "trials": len(tree.outcomes),
        "interval": [round(tree.low, 4), round(tree.high, 4)],
        "failures": [
            {"status": group.status, "reason": group.reason, "seeds": [outcome.seed for outcome in group.outcomes]}
            for group in tree.groups
        ],
    }


def write_study(file: Path, study: Study) -> None:
    """Write it whole. WriteError if the disk refuses."""
    write_atomic(file, (json_text(study.as_json(), indent=1, ensure_ascii=False) + "\n").encode(), parents=True)


def read_study(path: Path) -> Study:
    """A study from its folder or file. ConfigError if there is none."""
    file = path / RESULTS if path.is_dir() else path
    value = read_json(file, "results of a test", MOST_BYTES)
    try:
        outcomes = tuple(outcome_of(entry) for entry in value["trials"])
        return Study(str(value["robot"]), int(value["planned"]), outcomes, float(value["wall_s"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{file}: no results of `spot-grasp test`: {type(error).__name__}: {error}") from error
