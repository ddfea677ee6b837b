"""One run as an episode of a data set: what was known and what was done, at an even rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from behaviours.recording.pictures import read_frame
from behaviours.recording.states import POSE, TRUTH
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from behaviours.recording.recording import Recording
    from behaviours.recording.states import StateTable

FPS: Final = 10
ACTION: Final = (*(f"{part}_{value}" for part in ("body", "hand") for value in POSE), "opening")
"""What a policy steers: where body and hand are to be at the next frame, and the jaws' opening."""
LEAST_FRAMES: Final = 2


@dataclass(frozen=True)
class Episode:
    """state: (T, S) float32 in the order of `observed`. action: (T, A) float32, of `ACTION`. time_s: (T,) seconds since
    its first frame. success: whether the tree succeeded. task: in words. run, reason: of the run. shots: (first frame,
    picture (H, W, 3) uint8 RGB) of what the camera has taken, in order."""

    state: NDArray[np.float32] = field(repr=False)
    action: NDArray[np.float32] = field(repr=False)
    time_s: NDArray[np.float32] = field(repr=False)
    success: bool
    task: str
    run: str
    reason: str
    shots: tuple[tuple[int, NDArray[np.uint8]], ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.state)

    def repeats(self) -> list[tuple[NDArray[np.uint8], int]]:
        """Each picture with the number of frames in which it is the newest; black before the first."""
        starts = [first for first, _ in self.shots]
        pictures = [picture for _, picture in self.shots]
        if not starts or starts[0] > 0:
            starts, pictures = [0, *starts], [np.zeros_like(pictures[0]), *pictures]
        counts = [after - before for before, after in pairwise([*starts, len(self)])]
        return [(picture, count) for picture, count in zip(pictures, counts, strict=True) if count > 0]


def observed(table: StateTable) -> tuple[str, ...]:
    """The columns that a policy may see: all but the time and the truth of a simulation."""
    return tuple(name for name in table.columns if name != "t_s" and not name.startswith(TRUTH))


def read_episode(recording: Recording, columns: Sequence[str]) -> Episode:
    """The episode of a run. columns: of `observed`. ConfigError for a run that is too short, or has no picture."""
    folder = recording.path.parent
    table = recording.states()
    time_s = table.time_s
    if len(time_s) < LEAST_FRAMES or time_s[-1] - time_s[0] < 1.0 / FPS:
        raise ConfigError(f"{folder}: too short for an episode, {len(time_s)} states")
    grid = np.arange(time_s[0], time_s[-1] + 1e-9, 1.0 / FPS)
    rows = np.searchsorted(time_s, grid + 1e-6, side="right") - 1
    state, goal = (np.stack([table.column(name) for name in names], axis=1)[rows] for names in (columns, ACTION))
    action = np.concatenate([goal[1:], goal[-1:]])
    shots = []
    for line in recording.captures:
        try:
            frame = read_frame(folder, line)
        except ConfigError:
            continue  # of a damaged run; the picture before it stays the newest
        shots.append((int(np.searchsorted(grid, frame.time_s - 1e-6)), frame.rgb))
    shots = [(first, picture) for first, picture in shots if first < len(grid) and picture.shape == shots[0][1].shape]
    if not shots:
        raise ConfigError(f"{folder}: no picture that could be read")
    result = recording.result
    return Episode(
        np.nan_to_num(state).astype(np.float32),
        np.nan_to_num(action).astype(np.float32),
        (np.arange(len(grid)) / FPS).astype(np.float32),
        result is not None and result.status == "success",
        recording.title.replace("_", " "),
        folder.name,
        "killed before its end" if result is None else result.reason,
        tuple(shots),
    )
