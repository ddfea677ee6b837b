"""What one run is asked to do: one frozen value, made by the command line and stored in the run folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from behaviours.robots.spot.options import AtEnd

ViewKind = Literal["live", "plain", "none"]

LENSES: tuple[str, ...] = ("pinhole", "pinhole_brown_conrady", "kannala_brandt")
"""Camera models of the simulated Spot."""
ROBOTS: tuple[str, ...] = ("genesis", "fake", "spot")
"""The built-in ones."""
SIMULATED: tuple[str, ...] = ("genesis", "fake")
"""Where results may be scripted and injected: nothing real moves."""
VIEWS: tuple[ViewKind, ...] = ("live", "plain", "none")
Purpose = Literal["genesis", "spot", "training"]
PURPOSES: tuple[Purpose, ...] = ("genesis", "spot", "training")
"""What an installation may be for."""


@dataclass(frozen=True)
class RunOptions:
    """One run.

    tree: path of a tree file, or the name of one in trees/library. more: others, read with it as one. folders: where
    included files may lie beside its own. robot: which adapter, a built-in one or one that a
    package offers, see `app.base.plugins`. scene: name or path; None is
    the robot's default. seed: fixes the scene and the noise. view: None chooses by the terminal. record: the run
    folder; None makes one under runs/. video: film from an outside camera. tree_id: the tree to run when it is not the
    file's main one. detector, heatmap: network files; None is the shipped ones; a detector may also be the name of one
    that a package offers. ideal_depth: depth without sensor
    faults. robot_file: the user's own URDF or MJCF. device: what the physics computes on, None is the processor.
    time_limit_s: seconds on the robot's clock. real_time: the fake keeps pace with the wall clock. watch: blackboard
    keys to show. groot: port for Groot2, None for no publisher. groot_hooks: its clients may set breakpoints and
    replace results. substitute: JSON file of scripted leaves. hostname, port, certificate: which Spot, see
    `behaviours.robots.spot.link.connection.Target`. take_lease, own_estop, clear_faults, undock, at_end: see
    `behaviours.robots.spot.options`.
    """

    tree: str
    robot: str = "genesis"
    scene: str | None = None
    seed: int = 0
    view: ViewKind | None = None
    record: Path | None = None
    video: bool = False
    json: bool = False
    tree_id: str | None = None
    more: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    detector: Path | str | None = None
    heatmap: Path | None = None
    ideal_depth: bool = False
    robot_file: Path | None = None
    device: str | None = None
    time_limit_s: float = 600.0
    real_time: bool = False
    watch: tuple[str, ...] = ()
    groot: int | None = None
    groot_hooks: bool = False
    substitute: Path | None = None
    hostname: str | None = None
    port: int | None = None
    certificate: Path | None = None
    take_lease: bool = False
    own_estop: bool = False
    clear_faults: bool = False
    undock: bool = False
    at_end: AtEnd = "found"
    debug: bool = False

    def as_json(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
