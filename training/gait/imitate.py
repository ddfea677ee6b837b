"""Train the gait policy to imitate a teacher on the states that it visits itself (DAgger, Ross et al. 2011).

`python -m training.gait.imitate --teacher FILE|judo --out DIR [--start FILE] [--minutes M] [--rate R] [--envs N]
[--seed S] [--device D]`

--start: a policy that goes on learning; without, a new one begins. Many robots walk at once in Genesis, with our
masses, moving and loaded arms, pushes, and rubble, ramps and steps under their feet. At first the teacher moves them,
then the network moves more and more; one that goes on learning moves most of them at once. Either way the teacher says
what it would answer, and the network learns that. Writes gait.onnx, its card gait.md and rounds.jsonl with the curve.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.gait.imitate")

import argparse
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perception.base.extras import require
from perception.base.files import open_append
from perception.base.plain_json import json_text
from simulation.gait_trials.world import GaitWorld
from simulation.genesis.devices import DEVICES
from simulation.genesis.legs.gait_file import gait_file
from simulation.genesis.legs.policy import EVERY_S, SCALE_RAD
from training.gait.card import policy_sha256, write_gait_card
from training.gait.drill import Drill
from training.gait.network import Chain, Floats, Student, read_chain, write_chain


@dataclass(frozen=True)
class Recipe:
    """How it is trained. minutes: of the wall clock. envs: robots at once. steps: answers of each in a round. samples:
    most that are kept. passes: over as many samples as a round adds, after each round."""

    minutes: float = 42.0
    envs: int = 64
    seed: int = 0
    device: str = "cpu"
    steps: int = 100
    samples: int = 1_000_000
    passes: int = 6
    batch: int = 1024
    rate: float = 1e-3
    widths: tuple[int, ...] = (512, 256, 128)
    taught: int = 4
    """Rounds in which the teacher moves all robots; over as many more its share falls to a tenth."""


def imitate(teacher: Chain, out: Path, recipe: Recipe, start: Chain | None = None) -> list[dict[str, float]]:
    """Train, and write gait.onnx to `out` after each tenth round; returns what each round measured.

    start: a policy that goes on learning, with its own widths.
    """
    rng = np.random.default_rng([recipe.seed, 8])
    student = Student(start.widths if start else recipe.widths, seed=recipe.seed, rate=recipe.rate)
    taught = 0 if start else recipe.taught
    told = np.empty((0, 84), np.float32)
    wanted = np.empty((0, 12), np.float32)
    rounds: list[dict[str, float]] = []
    out.mkdir(parents=True, exist_ok=True)
    with GaitWorld(recipe.envs, device=recipe.device) as world, open_append(out / "rounds.jsonl") as log:
        drill = Drill(world, recipe.seed)
        began_s = time.monotonic()  # the kernels are compiled
        while (spent := (time.monotonic() - began_s) / (60 * recipe.minutes)) < 1.0:
            share = min(1.0, max(0.1, 1.0 - (len(rounds) - taught) / taught)) if taught else 0.1
            led = rng.random(recipe.envs) < share
            walks = start if start and not rounds else student.chain()
            new, says, measures = _walk(world, drill, teacher, walks, led, recipe.steps)
            if not rounds:
                student.scale(new, start)
            told, wanted = (np.concatenate(pair)[-recipe.samples :] for pair in ((told, new), (wanted, says)))
            order = np.concatenate(
                [rng.permutation(len(told)) for _ in range(1 + recipe.passes * len(new) // len(told))]
            )
            rate = recipe.rate * (0.5 + 0.5 * np.cos(np.pi * spent))
            loss = student.train(told, wanted, order[: recipe.passes * len(new)], recipe.batch, rate)
            row = {
                "round": len(rounds),
                "minutes": (time.monotonic() - began_s) / 60,
                "teacher_share": share,
                "loss": loss,
            }
            rounds.append({**row, **measures})
            log.write((json_text(rounds[-1]) + "\n").encode())
            if len(rounds) % 10 == 0:
                write_chain(student.chain(), out / "gait.onnx", {"task": "gait"})
    write_chain(student.chain(), out / "gait.onnx", {"task": "gait"})
    return rounds


def _walk(
    world: GaitWorld, drill: Drill, teacher: Chain, student: Chain, led: np.ndarray, steps: int
) -> tuple[Floats, Floats, dict[str, float]]:
    """Let all robots walk. led: those that the teacher moves. Returns what they were told, the teacher's answers, and
    measures: error_rad is the mean difference of the joints' targets where the network moves the robot, or, if it moves
    none, everywhere."""
    told, wanted, errors = [], [], []
    falls = np.zeros(2)
    for _ in range(steps):
        fallen = drill.step()
        falls += [int((fallen & led).sum()), int((fallen & ~led).sum())]
        now = world.told()
        says, own = teacher(now), student(now)
        good = np.isfinite(now).all(axis=1)
        told.append(now[good])
        wanted.append(says[good])
        errors.append(SCALE_RAD * np.abs(says - own)[good & (~led | led.all())].mean())
        world.act(np.where(led[:, None], says, own))
    minutes = np.maximum([led.sum(), (~led).sum()], 1) * steps * EVERY_S / 60
    measures = {
        "error_rad": float(np.mean(errors)),
        "falls_per_minute_teacher": float(falls[0] / minutes[0]),
        "falls_per_minute": float(falls[1] / minutes[1]),
    }
    return np.concatenate(told), np.concatenate(wanted), measures


def write_card(
    out: Path, teacher: Path, recipe: Recipe, rounds: list[dict[str, float]], start: Path | None = None
) -> None:
    """Write gait.md beside gait.onnx."""
    last: dict[str, Any] = {
        name: float(np.mean([row[name] for row in rounds[-20:]]))
        for name in ("loss", "error_rad", "falls_per_minute", "falls_per_minute_teacher")
    }
    training = {**asdict(recipe), "rounds": len(rounds)}
    data = {
        "teacher": teacher.name,
        "teacher_sha256": policy_sha256(teacher),
        **({} if start is None else {"start_sha256": policy_sha256(start)}),
        "robot_hours": len(rounds) * recipe.envs * recipe.steps * EVERY_S / 3600,
    }
    write_gait_card(out, training, data, {**last, "over": "the last 20 rounds: hard ground, loads and pushes"})


def main() -> None:
    own = Recipe()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", required=True, metavar="FILE|judo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--start", type=Path, metavar="FILE", help="a policy that goes on learning")
    parser.add_argument("--minutes", type=float, default=own.minutes)
    parser.add_argument("--rate", type=float, default=own.rate)
    parser.add_argument("--envs", type=int, default=own.envs)
    parser.add_argument("--seed", type=int, default=own.seed)
    parser.add_argument("--device", choices=DEVICES, default=own.device)
    args = parser.parse_args()
    require("training.gait.imitate", "sim")
    recipe = Recipe(args.minutes, args.envs, args.seed, args.device, rate=args.rate)
    teacher = gait_file(args.teacher)
    rounds = imitate(read_chain(teacher), args.out, recipe, read_chain(args.start) if args.start else None)
    write_card(args.out, teacher, recipe, rounds, args.start)
    sys.stdout.write(f"{args.out / 'gait.onnx'}\n")
