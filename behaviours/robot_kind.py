"""How a robot is chosen by name: the options that it declares, and how it is made from them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from behaviours.robot import Robot


class RobotKind(Protocol):
    """What an entry point of the group `spot_grasp.robots` leads to. A class of a robot can be one itself: then
    `add_options` is a static method and `make` a class method."""

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        """Declare the robot's own command-line options with `options.add_argument`."""

    def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> Robot:
        """A robot that is not connected yet; it connects in `__enter__`.

        options: the values of the declared options. seed: fixes everything random. folder: the run folder, where the
        robot may write files of its own; None outside a run. ConfigError for options that cannot be used.
        """
        ...


class LooksOn(Protocol):
    """What a kind of a real robot may have besides, for `spot-grasp look`."""

    def make_onlooker(self, options: argparse.Namespace, *, seed: int) -> Robot:
        """A robot whose `__enter__` takes no control and moves nothing, and that refuses every motion.

        options, seed: as for `RobotKind.make`. Of its methods `now`, `capture` and `body_pose` are used.
        """
        ...
