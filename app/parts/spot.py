"""`--robot spot`: a Spot, or with `--hostname sim` a simulated one with Genesis behind it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.base.bounded import integer
from app.parts.genesis import GenesisKind
from app.parts.options import options_given
from behaviours.robots.spot.options import AT_END
from perception.base.errors import ConfigError
from perception.base.extras import require

if TYPE_CHECKING:
    from behaviours.robots.spot.link.connection import Target
    from behaviours.robots.spot.robot import SpotRobot

SIMULATED = "sim"
"""The --hostname of a simulated Spot."""
TARGET: Final = ("hostname", "port", "certificate")
"""The options that say which Spot."""


def add_target(options: argparse._ActionsContainer, *, required: bool = False) -> None:
    """Which Spot: --hostname, --port, --certificate."""
    options.add_argument(
        "--hostname", metavar="H", required=required, help="name or address of the Spot; `sim` starts a simulated one"
    )
    options.add_argument("--port", type=integer(1, 65535), metavar="P", help="its port (default 443)")
    options.add_argument("--certificate", type=Path, metavar="FILE", help="PEM file to trust (a simulator's)")


def target_of(options: argparse.Namespace) -> Target:
    """The Spot that the options of `add_target` name."""
    from behaviours.robots.spot.link.connection import HTTPS_PORT, Target

    return Target(options.hostname, options.port or HTTPS_PORT, options.certificate)


class SpotKind:
    """Implements `behaviours.robot_kind.RobotKind`.

    borrows: what stands behind a simulated Spot; its options are taken too.
    """

    borrows = GenesisKind()

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        add_target(options)
        options.add_argument("--take-lease", action="store_true", help="take control from whoever has it")
        options.add_argument("--own-estop", action="store_true", help="be the e-stop, in place of all others")
        options.add_argument("--clear-faults", action="store_true", help="clear behaviour faults that can be cleared")
        options.add_argument("--faults", type=Path, metavar="FILE", help="what shall go wrong with a simulated Spot")
        options.add_argument("--undock", action="store_true", help="get off the dock first, if it stands on it")
        options.add_argument(
            "--self-right", action="store_true", help="after a fall, let it get up by itself (a simulated Spot may)"
        )
        options.add_argument(
            "--at-end", choices=AT_END, default="found", help="how to leave it (default: off if it was off)"
        )

    def make_onlooker(self, options: argparse.Namespace, *, seed: int) -> SpotRobot:
        """A Spot that is only looked at. ConfigError, besides, for options about control."""
        if flags := [flag for dest, flag in options_given(self, options).items() if dest not in TARGET]:
            raise ConfigError(f"{', '.join(flags)}: nothing is taken and nothing moves; leave it out")
        return self._made(options, seed=seed, folder=None, looks_only=True)

    def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> SpotRobot:
        return self._made(options, seed=seed, folder=folder, looks_only=False)

    def _made(self, options: argparse.Namespace, *, seed: int, folder: Path | None, looks_only: bool) -> SpotRobot:
        from behaviours.robots.spot.options import SpotOptions

        if options.hostname is None:
            raise ConfigError(
                "--robot spot needs --hostname: the robot's name or address, or `sim` for a simulated one"
            )
        settings = SpotOptions(
            options.take_lease,
            options.own_estop,
            options.clear_faults,
            options.undock,
            options.at_end,
            options.self_right or options.hostname == SIMULATED,
        )
        if options.hostname != SIMULATED:
            flags = [*options_given(self.borrows, options).values(), *(["--faults"] if options.faults else [])]
            if flags:
                raise ConfigError(f"{', '.join(flags)}: not for a real Spot; leave it out or take --hostname sim")
            require("--robot spot", "spot", "bosdyn.client")
            from behaviours.robots.spot.robot import SpotRobot

            return SpotRobot(target_of(options), settings, looks_only=looks_only)
        refuse_target(options)
        require("--robot spot", "spot")
        from app.parts.simulated_spot import SimulatedSpot
        from simulation.spot_api.faults.spec import read_faults, require_legs

        faults = read_faults(options.faults) if options.faults is not None else []
        body = self.borrows.make(options, seed=seed, folder=folder)
        require_legs(faults, on_legs=body.on_legs)
        log = None if folder is None else folder / "spot_api.jsonl"
        return SimulatedSpot(body, settings, log=log, faults=faults, looks_only=looks_only)


def refuse_target(options: argparse.Namespace) -> None:
    """ConfigError for --port and --certificate, which a simulated Spot chooses itself."""
    if options.port is not None or options.certificate is not None:
        raise ConfigError("--port, --certificate: a simulated Spot chooses its own")
