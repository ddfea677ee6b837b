"""How near the hand comes to where it is sent, in recorded runs of a simulated robot.

`python -m training.studies.measure_hand RUN ...`

RUN: folders of runs (`--record`, or `test --keep`). The true pose of the hand is compared with the commanded one
whenever a `move_hand` ends as done. JSON on stdout: how often, and the median, the 95th percentile and the greatest
distance (mm) and angle (degrees).
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.measure_hand")

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from behaviours import read_recording
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.geometry import Pose


def errors(run: Path) -> Iterator[tuple[float, float]]:
    """Metres and radians between the hand and where it was sent, for each `move_hand` of a run that was done."""
    recording = read_recording(run)
    states = recording.states()
    hands = states.poses("hand")
    sent: dict[int, Pose] = {}
    for time_s, line in recording.timed_lines():
        if line.get("command") != "move_hand":
            continue
        if line["event"] == "command":
            target = line["arguments"]["world_from_hand"]
            sent[line["number"]] = Pose(np.array(target["rotation"]), np.array(target["position_m"]))
        elif line["event"] == "outcome" and line["state"] == "done" and line["number"] in sent:
            row = hands[int(np.abs(states.time_s - time_s).argmin())]
            hand, goal = Pose.from_quaternion(row[3:], row[:3]), sent[line["number"]]
            yield hand.distance_m(goal), hand.angle_rad(goal)


def measure(runs: Sequence[Path]) -> dict[str, Any]:
    """The figures over all runs. ConfigError if no hand was sent anywhere."""
    found = np.array([error for run in runs for error in errors(run)])
    if not len(found):
        raise ConfigError(f"{', '.join(map(str, runs))}: no move_hand was done in these runs")
    rows = np.quantile(found, (0.5, 0.95, 1.0), axis=0) * (1e3, 180.0 / np.pi)
    names = ("median", "percentile_95", "most")
    return {
        "runs": len(runs),
        "motions": len(found),
        "distance_mm": dict(zip(names, rows[:, 0].round(2).tolist(), strict=True)),
        "angle_deg": dict(zip(names, rows[:, 1].round(3).tolist(), strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a recorded run")
    sys.stdout.write(json_text(measure(parser.parse_args().runs), indent=1) + "\n")
