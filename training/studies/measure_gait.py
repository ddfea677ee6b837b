"""The terrain table of gait policies: how often each falls and how it walks, on the same ground, with the same pushes.

`python -m training.studies.measure_gait --policy FILE|judo [--policy ...] [--robots N] [--seed S] [--rows NAME,...]
[--card FILE]`

Every row is N robots, each with its own ground, arm in `ready`. Robots stand for a second first. JSON on stdout:
for each policy and row the falls, the mean of the velocity that was asked for, as a share, and the greatest drift.
--card puts the table into a model card, too.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_gait")

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.base.extras import require
from perception.base.plain_json import json_text
from simulation.gait_trials.world import GaitWorld
from simulation.genesis.devices import DEVICES
from simulation.genesis.legs.gait_file import gait_file
from simulation.genesis.legs.policy import EVERY_S
from simulation.genesis.legs.weight import GRAVITY_MPS2, TOTAL_KG
from simulation.scene.ground.shapes import Kind, flat, make_ground
from training.gait.card import write_terrain
from training.gait.drill import FAR_ARMS
from training.gait.network import Chain, read_chain

FIRST_S: Final = 1.0
PUSHED_S: Final = 3.0


@dataclass(frozen=True)
class Row:
    """command: ahead, to the left (m/s), turn (rad/s). ground, size: see `make_ground`. push_ns: from the side, after
    PUSHED_S. load_kg: in a hand that is stretched out."""

    seconds: float
    command: tuple[float, float, float]
    ground: Kind = "flat"
    size: float = 0.0
    push_ns: float = 0.0
    load_kg: float = 0.0


AHEAD: Final = (0.5, 0.0, 0.0)
STILL: Final = (0.0, 0.0, 0.0)
ROWS: Final = {
    "stand": Row(60.0, STILL),
    "ahead": Row(8.0, AHEAD),
    "sideways": Row(8.0, (0.0, 0.3, 0.0)),
    "turn": Row(8.0, (0.0, 0.0, 0.6)),
    "rubble3": Row(9.0, AHEAD, "rubble", 0.03),
    "rubble6": Row(9.0, AHEAD, "rubble", 0.06),
    "rubble10": Row(9.0, AHEAD, "rubble", 0.10),
    "ramp8": Row(9.0, AHEAD, "ramp", float(np.radians(8.0))),
    "ramp15": Row(9.0, AHEAD, "ramp", float(np.radians(15.0))),
    "step5": Row(9.0, AHEAD, "step", 0.05),
    "step10": Row(9.0, AHEAD, "step", 0.10),
    "push60": Row(6.0, STILL, push_ns=60.0),
    "load2": Row(8.0, (0.4, 0.0, 0.0), load_kg=2.0),
}


def measure(world: GaitWorld, policy: Chain, row: Row, seed: int) -> dict[str, Any]:
    """Falls and velocities of a policy in one row. seed: decides ground, headings and pushes."""
    rng = np.random.default_rng([seed, 9])
    everyone = np.ones(world.envs, dtype=bool)
    grounds = [flat() if row.ground == "flat" else make_ground(row.ground, row.size, rng) for _ in range(world.envs)]
    world.lay(everyone, grounds)
    arm = FAR_ARMS[1] if row.load_kg else spot_arm.READY
    world.arm_target = np.tile([*arm, 0.0], (world.envs, 1))
    world.load_n = np.full(world.envs, row.load_kg * GRAVITY_MPS2)
    world.command = np.zeros((world.envs, 3))
    yaw = rng.uniform(-0.1, 0.1, world.envs)
    world.put(everyone, yaw, np.full(world.envs, SPOT.body_height_m))
    side = rng.choice([-1.0, 1.0], world.envs)
    fallen = np.zeros(world.envs, dtype=bool)
    start = _places(world)
    for step in range(round((FIRST_S + row.seconds) / EVERY_S)):
        if step == round(FIRST_S / EVERY_S):
            world.command = np.tile(row.command, (world.envs, 1))
            start = _places(world)
        if row.push_ns and step == round((FIRST_S + PUSHED_S) / EVERY_S):
            world.push(np.stack([np.zeros(world.envs), side * row.push_ns / TOTAL_KG, np.zeros(world.envs)], axis=1))
        world.act(policy(world.told()))
        fallen |= world.fallen()
    return {"falls": int(fallen.sum()), **_motion(start, _places(world), row, ~fallen)}


def _places(world: GaitWorld) -> NDArray[np.float64]:
    """(N, 3) x, y, yaw."""
    place, rotation = world.state()
    return np.column_stack([place[:, :2], np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])])


def _motion(
    start: NDArray[np.float64], end: NDArray[np.float64], row: Row, upright: NDArray[np.bool_]
) -> dict[str, float | None]:
    """How far the upright ones came, as a share of what was asked, ahead or to the left; or how far they drifted."""
    if not upright.any():
        return {"share": None}
    moved = end - start
    c, s = np.cos(start[:, 2]), np.sin(start[:, 2])
    ahead, left = c * moved[:, 0] + s * moved[:, 1], -s * moved[:, 0] + c * moved[:, 1]
    if row.command[2]:
        turned = (moved[:, 2] - row.command[2] * row.seconds + np.pi) % (2 * np.pi) - np.pi
        return {"share": float(1 + (turned / (row.command[2] * row.seconds))[upright].mean())}
    if not any(row.command):
        return {"drift_m": float(np.hypot(ahead, left)[upright].max())}
    along, asked = (left, row.command[1]) if row.command[1] else (ahead, row.command[0])
    return {"share": float(along[upright].mean() / (asked * row.seconds))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", action="append", required=True, metavar="FILE|judo")
    parser.add_argument("--robots", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--card", type=Path, metavar="FILE", help="a model card that gets the table")
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    args = parser.parse_args()
    names = args.rows.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        raise ConfigError(f"--rows: no row {', '.join(unknown)}; there are: {', '.join(ROWS)}")
    if args.card and not args.card.is_file():
        raise ConfigError(f"--card {args.card}: no such file; give the gait.md beside a policy")
    require("training.studies.measure_gait", "sim")
    policies = {name: read_chain(gait_file(name)) for name in args.policy}
    table: dict[str, dict[str, Any]] = {name: {} for name in policies}
    with GaitWorld(args.robots, device=args.device) as world:
        for row in names:
            for name, policy in policies.items():
                table[name][row] = measure(world, policy, ROWS[row], args.seed)
                sys.stderr.write(f"{row} {name}: {table[name][row]}\n")
    sys.stdout.write(json_text({"robots": args.robots, "seed": args.seed, "policies": table}) + "\n")
    if args.card:
        write_terrain(args.card, args.robots, args.seed, table)
