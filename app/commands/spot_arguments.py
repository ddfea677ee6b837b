"""Command-line arguments about a Spot; light, for the parser."""

from __future__ import annotations

import argparse
from pathlib import Path

from behaviours.robots.spot.options import AT_END


def add_target(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Which robot: --hostname, --port, --certificate."""
    parser.add_argument(
        "--hostname", metavar="H", required=required, help="name or address of the Spot; `sim` starts a simulated one"
    )
    parser.add_argument("--port", type=_port, metavar="P", help="its port (default 443)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="PEM file to trust (a simulator's)")


def add_control(parser: argparse.ArgumentParser) -> None:
    """How to get and leave it: --take-lease, --own-estop, --clear-faults, --undock, --at-end."""
    parser.add_argument("--take-lease", action="store_true", help="take control from whoever has it (spot)")
    parser.add_argument("--own-estop", action="store_true", help="be the e-stop, in place of all others (spot)")
    parser.add_argument("--clear-faults", action="store_true", help="clear behaviour faults that can be cleared (spot)")
    parser.add_argument("--undock", action="store_true", help="get off the dock first, if it stands on it (spot)")
    parser.add_argument(
        "--at-end", choices=AT_END, default="found", help="how to leave the spot (default: off if it was off)"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 1 to 65535")
    return int(text)
