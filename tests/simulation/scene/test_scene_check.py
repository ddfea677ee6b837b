"""`check` on scene files: every mistake at its line with the choices, and what stands in the way; and their schema."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from perception.base.errors import ConfigError
from simulation.scene.check import SEEDS, scene_problems
from simulation.scene.schema import scene_schema
from simulation.scene.spec import LIBRARY, load_scene

WRONG = """# a scene
[target]
families = ["botle"]
distance_cm = 180
bearing = 0.2
edge_m = 3
[suport]
height_m = 0.5
[place]
left_m = "far"
half_width_m = [0.5, 0.2]
[ground]
ramp_deg = 8
"""


def problems(folder: Path, text: str) -> list[tuple[int, str]]:
    file = folder / "scene.toml"
    file.write_text(text)
    found = scene_problems(file)
    assert all(problem.file == str(file) for problem in found)
    return [(problem.line, problem.message) for problem in found]


def test_every_mistake_is_told_with_its_line_and_the_choices(tmp_path: Path) -> None:
    found = problems(tmp_path, WRONG)
    assert [line for line, _ in found] == [3, 4, 5, 6, 7, 10, 11, 13]
    words = [text for _, text in found]
    assert "unknown 'botle'; a list of: bottle, thermos, can" in words[0]
    assert words[1].endswith("lying. Write distance_m = 1.8: lengths are in m, angles in rad, masses in kg.")
    assert words[2].endswith("Did you mean 'bearing_rad'?")
    assert words[3] == "[target] edge_m: 3 is not within 0 to 0.5"
    assert words[4].startswith("unknown [suport]. Did you mean 'support'? Tables: support, target")
    assert "'far' is not a number or a range" in words[5]
    assert words[7].endswith("Write ramp_rad = 0.1396: lengths are in m, angles in rad, masses in kg.")


def test_what_stands_in_the_way_is_a_warning_with_how_often(tmp_path: Path) -> None:
    text = "[target]\ndistance_m = 0.6\n[place]\nforward_m = 0.3\nleft_m = 0\n"
    found = problems(tmp_path, text)
    assert [line for line, _ in found] == [1, 3, 3]
    assert all(words.endswith(f"(in {SEEDS} of {SEEDS} seeds)") for _, words in found)
    assert "[place] stands in the support" in found[2][1]


def test_a_mesh_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "none.stl" in problems(tmp_path, '[target]\nmesh = "none.stl"\n')[0][1]


def test_what_is_no_toml_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a scene file in TOML"):
        problems(tmp_path, "[target\n")


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(LIBRARY.glob("*.toml")), ids=lambda file: file.stem)
def test_the_scenes_that_ship_have_no_problem_and_fit_the_schema(file: Path) -> None:
    assert scene_problems(file) == []
    assert wrong(scene_schema(), tomllib.loads(file.read_text())) == ""


def test_the_schema_refuses_what_the_reader_refuses(tmp_path: Path) -> None:
    texts = ["[target]\nedge_m = 3\n", "[suport]\n", "[target]\ndistance_cm = 1\n", '[place]\nleft_m = "far"\n']
    for text in [*texts, '[target]\nfamilies = ["botle"]\n']:
        (tmp_path / "scene.toml").write_text(text)
        with pytest.raises(ConfigError):
            load_scene(str(tmp_path / "scene.toml"))
        assert wrong(scene_schema(), tomllib.loads(text)) != "", text


def wrong(schema: dict[str, Any], value: Any, place: str = "") -> str:
    """What the few keywords of our schema do not allow, "" if all is allowed."""
    if "anyOf" in schema:
        return "" if any(not wrong(each, value, place) for each in schema["anyOf"]) else f"{place}: none fits"
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{place}: {value} is none of them"
    kinds = {"object": dict, "array": list, "string": str, "number": int | float, "integer": int}
    if not isinstance(value, kinds[schema["type"]]):
        return f"{place}: not a {schema['type']}"
    if isinstance(value, dict):
        more = {key: {} for key in value if key not in schema["properties"]}
        inner = [wrong(schema["properties"][key], value[key], f"{place}.{key}") for key in value if key not in more]
        return f"{place}: unknown {', '.join(more)}" if more else "".join(inner)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 99):
            return f"{place}: {len(value)} items"
        return "".join(wrong(schema["items"], each, place) for each in value)
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    return "" if isinstance(value, str) or low <= value <= high else f"{place}: {value} is outside"
