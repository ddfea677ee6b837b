"""Improve a gait policy by what happens to robots that walk with it (`training.gait.ppo`).

`python -m training.gait.improve --start FILE --out DIR [--minutes M] [--rate R] [--harder H] [--anchor A] [--envs N]
[--seed S] [--device D]`

Many robots walk at once as in `training.gait.imitate`, on ground that is harder by the factor H. Nobody shows them how:
the policy learns from the velocity that it reaches and from falls, and stays near the one that it started from. For the
first rounds only the critic learns. The result is the mean of the policies of the last half of the time, which strays
less than each (Polyak and Juditsky 1992). Writes gait.onnx, its card gait.md and rounds.jsonl with the curve.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.gait.improve")

import argparse
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from perception.base.extras import require
from perception.base.files import open_append
from perception.base.plain_json import json_text
from simulation.gait_trials.world import GaitWorld
from simulation.genesis.devices import DEVICES
from simulation.genesis.legs.policy import EVERY_S
from training.gait.card import policy_sha256, write_gait_card
from training.gait.drill import Drill
from training.gait.network import Chain, read_chain, write_chain
from training.gait.ppo import Improver, PpoSettings, Rewards, Walk

EACH: Final = 20
"""Rounds from one writing of the policy to the next."""


@dataclass(frozen=True)
class Course:
    """How it goes. minutes: of the wall clock. envs: robots at once. steps: answers of each in a round. harder: see
    `Drill`. rate: of Adam, at first. critic_alone: rounds at first in which the policy does not change."""

    minutes: float = 60.0
    envs: int = 96
    seed: int = 0
    device: str = "cpu"
    steps: int = 96
    harder: float = 1.4
    rate: float = 2e-5
    critic_alone: int = 20


def improve(start: Chain, out: Path, course: Course, settings: PpoSettings) -> list[dict[str, float]]:
    """Train, and write gait.onnx to `out` now and then and at the end; returns what each round measured."""
    noise = np.random.default_rng([course.seed, 10])
    rounds: list[dict[str, float]] = []
    out.mkdir(parents=True, exist_ok=True)
    with GaitWorld(course.envs, device=course.device) as world, open_append(out / "rounds.jsonl") as log:
        drill, pays = Drill(world, course.seed, harder=course.harder), Rewards(course.envs)
        sample = walk(world, drill, pays, start, 2 * course.steps, noise, settings).told
        policy = Improver(start, sample.reshape(-1, sample.shape[-1]), settings, seed=course.seed, rate=course.rate)
        rate, mean, averaged = course.rate, start, 0
        began_s = time.monotonic()  # the kernels are compiled
        while (spent := (time.monotonic() - began_s) / (60 * course.minutes)) < 1.0:
            lived = walk(world, drill, pays, policy.chain(), course.steps, noise, settings)
            moves = len(rounds) >= course.critic_alone
            measures = policy.learn(lived, rate if moves else 0.0)
            if moves:
                rate *= settings.faster(measures["kl"])
            averaged += spent >= 0.5
            mean = mean.towards(policy.chain(), 1 / max(averaged, 1))
            minutes = course.envs * course.steps * EVERY_S / 60
            rounds.append(
                {
                    "round": len(rounds),
                    "minutes": spent * course.minutes,
                    "reward": float(lived.gained.mean() / (1.0 - settings.discount)),
                    "falls_per_minute": float(lived.fell.sum() / minutes),
                    "rate": rate,
                    **measures,
                }
            )
            log.write((json_text(rounds[-1]) + "\n").encode())
            if len(rounds) % EACH == 0:
                write_chain(mean, out / "gait.onnx", {"task": "gait"})
        write_chain(mean, out / "gait.onnx", {"task": "gait"})
    return rounds


def walk(
    world: GaitWorld,
    drill: Drill,
    pays: Rewards,
    policy: Chain,
    steps: int,
    noise: np.random.Generator,
    settings: PpoSettings,
) -> Walk:
    """Let all robots walk with answers that stray from the policy's. Rewards are scaled so that the best possible value
    is about one."""
    told, answers, gained, ended, fell = [], [], [], [], []
    for _ in range(steps):
        now = world.told()
        says = policy(now)
        says += settings.noise * noise.standard_normal(says.shape, np.float32)
        world.act(says)
        told.append(now)
        answers.append(says)
        gained.append(np.nan_to_num((1.0 - settings.discount) * pays(now, says)))
        fell.append(drill.step())
        ended.append(drill.begun)
        pays.begin(drill.begun)
    return Walk(np.stack(told), np.stack(answers), np.stack(gained), np.stack(ended), np.stack(fell), world.told())


def write_card(out: Path, start: Path, course: Course, settings: PpoSettings, rounds: list[dict[str, float]]) -> None:
    """Write gait.md beside gait.onnx."""
    last: dict[str, Any] = {
        name: float(np.mean([row[name] for row in rounds[-20:]])) for name in ("reward", "falls_per_minute")
    }
    training = {**asdict(course), **asdict(settings), "rounds": len(rounds)}
    data = {
        "start_sha256": policy_sha256(start),
        "robot_hours": len(rounds) * course.envs * course.steps * EVERY_S / 3600,
    }
    over = "the last 20 rounds: hard ground, loads, pushes, and answers that stray"
    write_gait_card(out, training, data, {**last, "over": over})


def main() -> None:
    own, tuned = Course(), PpoSettings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=Path, required=True, metavar="FILE", help="the policy to improve")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=own.minutes)
    parser.add_argument("--rate", type=float, default=own.rate)
    parser.add_argument("--harder", type=float, default=own.harder)
    parser.add_argument("--anchor", type=float, default=tuned.anchor)
    parser.add_argument("--envs", type=int, default=own.envs)
    parser.add_argument("--seed", type=int, default=own.seed)
    parser.add_argument("--device", choices=DEVICES, default=own.device)
    args = parser.parse_args()
    require("training.gait.improve", "sim")
    course = Course(args.minutes, args.envs, args.seed, args.device, harder=args.harder, rate=args.rate)
    settings = PpoSettings(anchor=args.anchor)
    rounds = improve(read_chain(args.start), args.out, course, settings)
    write_card(args.out, args.start, course, settings, rounds)
    sys.stdout.write(f"{args.out / 'gait.onnx'}\n")
