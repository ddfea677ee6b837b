"""`spot-grasp scene`: what a scene file puts where, as text, as a picture, and the form of the file as a schema."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.base.arguments import add_json
from app.base.bounded import seed
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell, tell_json
from perception.base.errors import ConfigError
from perception.base.extras import require
from perception.base.files import write_atomic

if TYPE_CHECKING:
    from simulation.scene.build import SceneSample
    from simulation.scene.ground.land import Land
    from simulation.scene.placing import Placed

ENDINGS: Final = (".png", ".jpg")


def add_arguments(parser: Parser) -> None:
    parser.add_argument("scene", nargs="?", metavar="S", help="name or TOML file of a scene; none lists the names")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="which of its scenes (default 0)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it as the simulation does (.png or .jpg)")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of scene files, for editors")
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from simulation.scene.build import load_scene, sample_scene, scene_names

    if arguments.schema:
        from simulation.scene.schema import scene_schema

        tell_json(scene_schema(), indent=2)
        return SUCCESS
    if arguments.scene is None:
        if arguments.picture is not None:
            raise ConfigError(f"--picture needs a scene; choose from: {', '.join(scene_names())}")
        tell("".join(f"{name}\n" for name in scene_names()))
        return SUCCESS
    sample = sample_scene(load_scene(arguments.scene), arguments.seed)
    if arguments.picture is not None:
        _draw(sample, arguments.picture)
    rows = facts(sample)
    if arguments.json:
        tell_json(rows)
    else:
        tell("".join(_line(name, row) for name, row in rows.items()))
    return SUCCESS


def facts(sample: SceneSample) -> dict[str, Any]:
    """What stands where, as plain JSON values: metres and radians, world frame."""
    x, y, yaw = sample.robot_xy_yaw
    rows: dict[str, Any] = {"robot": {"at_m": _rounded((x, y)), "yaw_rad": round(yaw, 3)}}
    if sample.land.uneven:
        rows["ground"] = _ground(sample.land)
    for number, box in enumerate(sample.supports):
        name = "place" if box is sample.place else "support" if number == 0 else f"box {number}"
        top = box.center_m[2] + box.half_m[2]
        rows[name] = {"at_m": _rounded((*box.center_m[:2], top)), "half_m": _rounded(box.half_m[:2])}
    if sample.target is not None:
        rows["target"] = _object(sample.target)
    rows |= {f"clutter {number}": _object(placed) for number, placed in enumerate(sample.clutter, 1)}
    if sample.person is not None:
        rows["person"] = {"hand_m": _rounded(sample.person.hand_m), "pull_n": sample.person.pull_n}
    return rows


def _ground(land: Land) -> dict[str, Any]:
    """How steep the floor is, and the heights of what rises from it."""
    up = {"steps_m": land.steps, "rubble_m": land.rubble}
    tops = {
        key: _rounded(box.center_m[2] + box.half_m[2] - land.floor_m(box.center_m[:2]) for box in boxes)
        for key, boxes in up.items()
        if boxes
    }
    hills = {} if land.relief is None else {"hills_m": round(float(land.relief.heights_m.max()), 3)}
    patches = {"slippery_at_m": [_rounded(box.center_m[:2]) for box in land.patches]} if land.patches else {}
    return {"ramp_rad": round(float(np.arctan(np.hypot(*land.slope))), 3), **hills, **tops, **patches}


def _object(placed: Placed) -> dict[str, Any]:
    points = placed.world_from_object.transform(placed.object.vertices)
    return {
        "family": placed.object.family,
        "at_m": _rounded(placed.world_from_object.position_m),
        "size_m": _rounded(points.max(axis=0) - points.min(axis=0)),
        "mass_kg": round(placed.object.mass_kg, 3),
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 3) for value in values]


def _line(name: str, row: dict[str, Any]) -> str:
    words = ", ".join(f"{key} {value}" for key, value in row.items())
    return f"{name:<10} {words}\n"


def _draw(sample: SceneSample, file: Path) -> None:
    if file.suffix.lower() not in ENDINGS:
        raise ConfigError(f"--picture {file}: name it {' or '.join(ENDINGS)}")
    require("scene --picture", "sim")
    import cv2

    from simulation.genesis.scene_camera import photograph_scene

    _, content = cv2.imencode(file.suffix.lower(), photograph_scene(sample)[..., ::-1])
    write_atomic(file, content.tobytes())


COMMAND = Command(add_arguments, run)
