"""Where the parts of a robot were, one row of states.csv after each tick, and how the rows are read back.

Columns: `t_s`; `body_*` and `hand_*`, their poses in the world frame; `opening`, 0 closed .. 1 open; `torque_nm`;
`holding`, 0 or 1; `joint_NAME_rad` and `foot_NAME_n`, forces of the feet, of a robot that tells them; in simulation
`truth_NAME_*`, the true pose of each object, which no leaf has seen. A pose is `x_m, y_m, z_m, qw, qx, qy, qz`. An
empty cell is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from behaviours.recording.writing import append
from perception.base.errors import ConfigError
from perception.base.files import open_append, read_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from behaviours.robot import Robot
    from perception.geometry import Pose

FILE: Final = "states.csv"
MOST_BYTES: Final = 500_000_000
POSE: Final = ("x_m", "y_m", "z_m", "qw", "qx", "qy", "qz")
PARTS: Final = ("body", "hand")
JAWS: Final = ("opening", "torque_nm", "holding")
TRUTH: Final = "truth_"
State = Mapping[str, float]
"""One row: the value of each column, NaN where it is unknown."""


class States:
    """Writes the rows of one run. path: of the file. robot: entered.

    A robot may have `joints`, `foot_forces` and `true_poses`, see `behaviours.robot.TellsJoints`, `TellsFeet` and
    `KnowsTruth`; what the first row has fixes the columns. RecordError if the disk refuses.
    """

    def __init__(self, path: Path, robot: Robot) -> None:
        self._path, self._robot = path, robot
        self._joints: Callable[[], Mapping[str, float]] = getattr(robot, "joints", dict)
        self._feet: Callable[[], Mapping[str, float]] = getattr(robot, "foot_forces", dict)
        self._truth: Callable[[], Mapping[str, Pose]] = getattr(robot, "true_poses", dict)
        self._followers: list[Callable[[State], None]] = []
        self._file = open_append(path)
        self._columns: tuple[str, ...] = ()
        self._names: tuple[list[str], list[str], list[str]] = ([], [], [])
        self._line = ""
        self._poses: dict[str, tuple[Pose, list[float]]] = {}

    def follow(self, take: Callable[[State], None]) -> None:
        """Give every row to `take` from now on, on the tick thread."""
        self._followers.append(take)

    def sample(self) -> None:
        """Write where everything is now."""
        if self._file.closed:
            return
        robot, joints, feet, truth = self._robot, self._joints(), self._feet(), self._truth()
        if not self._columns:
            self._begin(list(joints), list(feet), list(truth))
        names, forces, objects = self._names
        gripper = robot.gripper()
        values = [robot.now(), *self._pose("body", robot.body_pose()), *self._pose("hand", robot.hand_pose())]
        values += [gripper.opening, gripper.torque_nm, gripper.holding]
        values += [joints.get(name, math.nan) for name in names]
        values += [feet.get(name, math.nan) for name in forces]
        for name in objects:
            values += self._pose(name, truth.get(name))
        line = (self._line % tuple(values)).replace("nan", "").encode()
        append(self._file, self._path, line)
        if self._followers:  # they are given what a reader will find
            row = dict(zip(self._columns, _row(line.rstrip(), len(self._columns)) or (), strict=True))
            for take in self._followers:
                take(row)

    def _begin(self, joints: list[str], feet: list[str], objects: list[str]) -> None:
        self._names = (joints, feet, objects)
        poses = [f"{name}_{value}" for name in PARTS for value in POSE]
        true = [f"{TRUTH}{name}_{value}" for name in objects for value in POSE]
        own = [*(f"joint_{name}_rad" for name in joints), *(f"foot_{name}_n" for name in feet)]
        self._columns = ("t_s", *poses, *JAWS, *own, *true)
        self._line = ",".join(["%.4f"] + ["%.6g"] * (len(self._columns) - 1)) + "\n"
        append(self._file, self._path, (",".join(self._columns) + "\n").encode())

    def _pose(self, name: str, pose: Pose | None) -> list[float]:
        """Seven numbers. Poses are frozen: one that is the same object as before has the same."""
        if pose is None:
            return [math.nan] * len(POSE)
        before = self._poses.get(name)
        if before is None or before[0] is not pose:
            before = self._poses[name] = pose, [*pose.position_m.tolist(), *pose.quaternion_wxyz.tolist()]
        return before[1]

    def close(self) -> None:
        """Safe twice."""
        self._file.close()


@dataclass(frozen=True)
class StateTable:
    """The rows of a run, in order of time. columns: their names. values: (T, C) float64, NaN where unknown."""

    columns: tuple[str, ...]
    values: NDArray[np.float64] = field(repr=False)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.columns)}

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> NDArray[np.float64]:
        """(T,) the values of a column. ConfigError for one that the run has not."""
        if name not in self._places:
            raise ConfigError(f"{FILE} has no column {name!r}; it has: {', '.join(self.columns)}")
        return self.values[:, self._places[name]]

    @property
    def time_s(self) -> NDArray[np.float64]:
        """(T,) seconds on the robot's clock."""
        return self.column("t_s")

    def poses(self, name: str) -> NDArray[np.float64]:
        """(T, 7) positions in metres and quaternions w, x, y, z, world frame. name: "body", "hand", "truth_NAME"."""
        import numpy as np

        return np.stack([self.column(f"{name}_{value}") for value in POSE], axis=1)

    @property
    def joints(self) -> tuple[str, ...]:
        """The names of the joints that the robot told, in order."""
        return self._told("joint_", "_rad")

    @property
    def feet(self) -> tuple[str, ...]:
        """The names of the feet whose forces the robot told, in order."""
        return self._told("foot_", "_n")

    def _told(self, start: str, end: str) -> tuple[str, ...]:
        return tuple(name[len(start) : -len(end)] for name in self.columns if name.startswith(start))

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of the objects whose true poses the simulation told."""
        end = f"_{POSE[0]}"
        return tuple(
            name[len(TRUTH) : -len(end)] for name in self.columns if name.startswith(TRUTH) and name.endswith(end)
        )

    def rows(self) -> list[dict[str, float]]:
        """Each row as a mapping from column to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.values.tolist()]


def read_states(folder: Path) -> StateTable:
    """The rows of a run folder, up to the first that is damaged; none for a run that has no such file.

    ConfigError for a file without its head line.
    """
    import numpy as np

    path = folder / FILE
    if not path.exists():
        return StateTable(("t_s",), np.zeros((0, 1)))
    lines = read_bytes(path, "states of a run", MOST_BYTES).split(b"\n")
    columns = tuple(lines[0].decode("ascii", "replace").split(","))
    if len(lines) > 1 and columns[0] != "t_s":
        raise ConfigError(f"{path}: its first line names no columns; a run writes it: {FILE} begins with t_s")
    rows: list[list[float]] = []
    before_s = -math.inf
    for line in lines[1:-1]:  # what follows the last end of line was cut
        row = _row(line, len(columns))
        if row is None or row[0] < before_s:
            break
        before_s = row[0]
        rows.append(row)
    return StateTable(columns if rows else ("t_s",), np.array(rows, np.float64).reshape(len(rows), -1 if rows else 1))


def _row(line: bytes, count: int) -> list[float] | None:
    """The numbers of a line, None if it is damaged."""
    cells: list[Any] = line.split(b",")
    try:
        row = [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return None
    return row if len(row) == count and math.isfinite(row[0]) and not any(map(math.isinf, row)) else None
