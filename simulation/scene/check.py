"""Every problem of a scene file, with its line: names, kinds, units, limits, and what cannot stand where it is put."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from perception.base.errors import ConfigError
from perception.base.files import read_text, read_toml
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.placing import Box
from simulation.scene.spec import TABLES, load_scene, read_table
from trees.reading.elements import Problem
from trees.reading.names import nearest

SEEDS: Final = 10
"""Scenes drawn to see whether things stand in each other's way."""
BODY_M: Final = 0.55
"""Half the length of the robot's body: nothing may stand nearer to the middle of its start."""
UNITS: Final = {
    "mm": ("m", 0.001), "cm": ("m", 0.01), "deg": ("rad", math.pi / 180), "g": ("kg", 0.001),
}  # fmt: skip
"""Units that people write instead of ours, and what one of them is."""


def scene_problems(file: Path) -> list[Problem]:
    """All problems of a scene file; none if it can be used. ConfigError if it is no TOML."""
    data, text = read_toml(file, "scene file"), read_text(file, "scene file")
    found = [problem for table in data for problem in _of_table(file, text, table, data[table])]
    if found:
        return found
    try:
        spec = load_scene(str(file))
        samples = [sample_scene(spec, seed) for seed in range(SEEDS)]
    except ConfigError as error:  # what only shows when all is put together, such as a mesh that is not there
        return [Problem(str(file), 1, 1, str(error).removeprefix(f"{file}: "))]
    return [
        Problem(str(file), _line(text, table), 1, f"[{table}] {words}", warning=True)
        for table, words in _crowded(samples)
    ]


def _of_table(file: Path, text: str, table: str, content: Any) -> list[Problem]:
    if table not in TABLES or not isinstance(content, dict):
        choices = ", ".join(TABLES)
        return [
            Problem(str(file), _line(text, table), 1, f"unknown [{table}].{nearest(table, TABLES)} Tables: {choices}")
        ]
    found = []
    for key, value in content.items():
        line = _line(text, table, key)
        try:
            read_table(file, table, TABLES[table], {key: value})
        except ConfigError as error:
            words = str(error).removeprefix(f"{file}: ") + _unit_hint(TABLES[table], key, value)
            found.append(Problem(str(file), line, 1, words))
    return found


def _unit_hint(kind: type[Any], key: str, value: Any) -> str:
    """What a key means that has a unit of another name, or none."""
    known = list(kind.__dataclass_fields__)
    stem, _, unit = key.rpartition("_")
    ours, one = UNITS.get(unit, ("", 1.0))
    if ours and f"{stem}_{ours}" in known and isinstance(value, int | float):
        return f". Write {stem}_{ours} = {value * one:.4g}: lengths are in m, angles in rad, masses in kg."
    if key in known:
        return ""
    bare = [name for name in known if name.rpartition("_")[0] == key]
    hint = f" Did you mean '{bare[0]}'?" if bare else nearest(key, known)
    return f".{hint}" if hint else ""


def _line(text: str, table: str, key: str = "") -> int:
    """The line of a table's head, or of a key in it; 1 where it is written in another way."""
    lines = text.splitlines()
    head = re.compile(rf"\s*\[\s*{re.escape(table)}\s*\]|\s*{re.escape(table)}\s*[.=]")
    at = next((number for number, line in enumerate(lines, 1) if head.match(line)), 1)
    if not key:
        return at
    own = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    return next((number for number, line in enumerate(lines[at:], at + 1) if own.match(line)), at)


def _crowded(samples: list[SceneSample]) -> list[tuple[str, str]]:
    """(table, words) of what stands where something else is, with the share of the seeds in which it does."""
    counts: dict[tuple[str, str], int] = {}
    for sample in samples:
        x, y, _ = sample.robot_xy_yaw
        support = sample.supports[0] if sample.supports and sample.supports[0] is not sample.place else None
        if support is not None and _gap_m(support, (x, y)) < BODY_M:
            _count(counts, "support", "stands where the robot starts; enlarge [target] distance_m")
        if sample.place is not None:
            if _gap_m(sample.place, (x, y)) < BODY_M:
                _count(counts, "place", "stands where the robot starts; enlarge forward_m or left_m")
            if support is not None and _overlap(support, sample.place):
                _count(counts, "place", "stands in the support; move it, or narrow the ranges of [target]")
        if sample.target is not None and math.dist(sample.target.world_from_object.position_m[:2], (x, y)) < BODY_M:
            _count(counts, "target", "lies below the robot's body at its start; enlarge distance_m")
    return [(table, f"{words} (in {count} of {len(samples)} seeds)") for (table, words), count in counts.items()]


def _count(counts: dict[tuple[str, str], int], table: str, words: str) -> None:
    counts[table, words] = counts.get((table, words), 0) + 1


def _gap_m(box: Box, xy: tuple[float, float]) -> float:
    """Metres from a point of the floor plan to a box, 0 inside it."""
    return float(np.linalg.norm(np.maximum(np.abs(box.inside(xy)) - box.half_m[:2], 0.0)))


def _overlap(one: Box, other: Box) -> bool:
    """Whether two boxes overlap on the floor plan, by their corners and middles."""
    corners = [one.place((sx * one.half_m[0], sy * one.half_m[1])) for sx in (-1, 0, 1) for sy in (-1, 0, 1)]
    back = [other.place((sx * other.half_m[0], sy * other.half_m[1])) for sx in (-1, 0, 1) for sy in (-1, 0, 1)]
    return any(_gap_m(other, tuple(point)) == 0.0 for point in corners) or any(
        _gap_m(one, tuple(point)) == 0.0 for point in back
    )
