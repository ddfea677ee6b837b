"""What one run is asked to do: a frozen value, made by the command line and stored in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.views.model import ViewKind

SIMULATED: tuple[str, ...] = ("genesis", "fake")
"""Where results may be scripted and injected: nothing real moves."""


@dataclass(frozen=True)
class RunOptions:
    """One run.

    tree: path of a tree file, or the name of one in trees/library. more: others, read with it as one. folders: where
    included files may lie beside its own. robot: name of a built-in robot or of one that a package offers. seed: fixes
    the scene and the noise. view: None chooses by the terminal. record: the run folder; None makes one under runs/.
    json: print the result as a last line. tree_id: the tree to run when it is not the file's main one. detector,
    heatmap: network files; None is the shipped ones; a detector may also be the name of one that a package offers.
    time_limit_s: seconds on the robot's clock. watch: blackboard keys to show. groot: port for Groot2, None for no
    publisher. groot_hooks: its clients may set breakpoints and replace results. rerun: address of rerun's viewer, "" to
    start one, None for none. web: port for pages, None for none, 0 for a free one. substitute: JSON file of scripted
    leaves. settings: TOML file of numbers that no port gives. robot_options: the values of the options that the robot
    declares; one that is absent has its default.
    """

    tree: str
    robot: str = "genesis"
    seed: int = 0
    view: ViewKind | None = None
    record: Path | None = None
    json: bool = False
    tree_id: str | None = None
    more: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    detector: Path | str | None = None
    heatmap: Path | None = None
    time_limit_s: float = 600.0
    watch: tuple[str, ...] = ()
    groot: int | None = None
    groot_hooks: bool = False
    web: int | None = None
    rerun: str | None = None
    substitute: Path | None = None
    settings: Path | None = None
    robot_options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The options as plain JSON values, those of the robot among the others."""
        values = asdict(self)
        values |= values.pop("robot_options")
        return {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}
