"""What came of one trial: the value that workers hand back and that results.json keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

LOST: Final = "lost"
"""The status of a trial whose process died."""


@dataclass(frozen=True)
class LeafTime:
    """path: of the leaf. runs: how often it was entered. seconds: on the robot's clock, in all."""

    path: str
    runs: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """tree, seed: of the trial; tree is the name that was typed. status: as in `Result`, or LOST. reason: why it did
    not succeed. attempts: at the grasp. robot_s: seconds on the robot's clock, None if there are none. wall_s: seconds
    of the wall, with the time to build the scene. judged: what a judge outside the tree knows. reports: of the tree.
    run: its folder, "" if it was not kept. command: repeats it. leaves: the leaves that ran, slowest first."""

    tree: str
    seed: int
    status: str
    reason: str = ""
    attempts: int = 0
    robot_s: float | None = None
    wall_s: float = 0.0
    judged: Mapping[str, Any] = field(default_factory=dict)
    reports: tuple[str, ...] = ()
    run: str = ""
    command: str = ""
    leaves: tuple[LeafTime, ...] = ()

    @property
    def success(self) -> bool:
        return self.status == "success"

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def outcome_of(value: Any) -> Outcome:
    """An outcome from `as_json`. TypeError, KeyError or ValueError if it is none; unknown keys are left out."""
    names = {entry.name for entry in fields(Outcome)}
    known = {key: item for key, item in dict(value).items() if key in names}
    times = tuple(LeafTime(str(leaf["path"]), int(leaf["runs"]), float(leaf["seconds"])) for leaf in known["leaves"])
    outcome = Outcome(**{**known, "reports": tuple(known["reports"]), "leaves": times})
    for name, kind in (("tree", str), ("status", str), ("reason", str), ("command", str), ("seed", int)):
        if not isinstance(getattr(outcome, name), kind):
            raise TypeError(f"'{name}' is not a value of an outcome")
    return outcome
