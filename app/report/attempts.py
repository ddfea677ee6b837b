"""The attempts of a run: from when to when, what was seen and chosen, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.report.story import Story
from app.web.pictures import picture_lines
from behaviours.recording.attempts import GRASP, Attempts
from behaviours.recording.events import BLACKBOARD, TRANSITION, Event

LEAVES: Final = ("Action", "Condition")


@dataclass(frozen=True)
class Attempt:
    """number: 1 for the first. begin_s, end_s: on the robot's clock. good: it led to the success of the run. why: in
    words, what failed. pictures: the log's lines about them. grasps: plain values of the grasps that were chosen."""

    number: int
    begin_s: float
    end_s: float
    good: bool
    why: str
    pictures: Sequence[Mapping[str, Any]]
    grasps: Sequence[Mapping[str, Any]]


def attempts_of(story: Story) -> list[Attempt]:
    """The attempts of a run, in order; none for a tree without grasps."""
    recording = story.recording
    if recording is None:
        return []
    counted = Attempts(recording.nodes)
    begins: list[float] = []
    for event in recording.events:
        if event.kind == TRANSITION:
            counted.transition(event.data["uid"], event.data["old"], event.data["new"])
            begins += [event.time_s] * (counted.count - len(begins))
    ends = [*begins[1:], *([recording.span_s[1] + 1e-6] if begins else [])]
    pictures = picture_lines(recording)
    attempts = []
    for number, (begin_s, end_s) in enumerate(zip(begins, ends, strict=True), 1):
        part = [event for event in recording.events if begin_s <= event.time_s < end_s]
        good = number == len(begins) and story.status == "success"
        lines = [line for line in pictures if begin_s <= _time(line) < end_s]
        attempts.append(Attempt(number, begin_s, end_s, good, "" if good else _why(story, part), lines, _grasps(part)))
    return attempts


def _time(line: Mapping[str, Any]) -> float:
    time_s = line.get("t")
    return float(time_s) if isinstance(time_s, int | float) else 0.0


def _why(story: Story, events: Sequence[Event]) -> str:
    """The last failed leaf beside a closing of the gripper, or else of all."""
    nodes = {node.uid: node for node in story.nodes}
    around = {node.path.rpartition("/")[0] for node in nodes.values() if node.tag == GRASP}
    failed = [
        event.data
        for event in events
        if event.kind == TRANSITION and event.data["new"] == "FAILURE" and nodes[event.data["uid"]].kind in LEAVES
    ]
    beside = [data for data in failed if str(data.get("path", "")).startswith(tuple(f"{path}/" for path in around))]
    last = (beside or failed)[-1:]
    if not last:
        return "it did not end" if story.result is None or story.status == "interrupted" else "no leaf failed"
    return f"{nodes[last[0]['uid']].name}: {last[0].get('feedback') or 'no reason given'}"


def _grasps(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """The grasps that were written on a blackboard, each once."""
    values = [event.data.get("value") for event in events if event.kind == BLACKBOARD]
    grasps = [value for value in values if isinstance(value, dict) and "world_from_hand" in value]
    return [value for number, value in enumerate(grasps) if value not in grasps[:number]]


def grasp_words(value: Mapping[str, Any]) -> str:
    """A grasp in a line; what a damaged log lacks is left out."""
    try:
        pose = value["world_from_hand"]
        x, y, z = (float(part) for part in pose["position_m"])
        approach = [float(row[0]) for row in pose["rotation"]]
        down = "from above" if approach[2] < -0.7 else "from the side" if abs(approach[2]) < 0.5 else "slanting"
        way = f", {value['way']}" if value.get("way") else ""
        return (
            f"hand at ({x:.3f}, {y:.3f}, {z:.3f}) m in the world, {down}{way}; object {float(value['width_m']):.3f} m "
            f"wide, jaws {100 * float(value.get('opening', 1.0)):.0f} % open on the way in, "
            f"score {float(value['score']):.2f}"
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return "a grasp that cannot be read"
