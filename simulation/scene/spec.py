"""Scene files: TOML files with ranges for what stands where. A seed draws one scene from them."""

from __future__ import annotations

import os
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from perception.base.errors import ConfigError
from perception.base.files import read_toml, shown
from simulation.scene.low_objects import ALL_FAMILIES

LIBRARY = Path(__file__).parents[1] / "scenes"
Range = tuple[float, float]


@dataclass(frozen=True)
class SupportSpec:
    """The box an object stands on. height_m above the floor, 0 for the floor itself; half_width_m of its square top;
    rim_m: height of the rim around the top, which makes it a bin. board_m: height above the top of a board that a back
    and two sides carry, which makes it a shelf; 0 for none.
    """

    height_m: Range = (0.45, 0.65)
    half_width_m: Range = (0.13, 0.20)
    rim_m: float = 0.0
    board_m: float = 0.0


@dataclass(frozen=True)
class TargetSpec:
    """The object to grasp.

    families: one of them is drawn; repeat a name to make it likelier; empty for no object. mesh: a user's own file
    instead, relative to the scene file. distance_m, bearing_rad: from the robot's start. edge_m: from the object's axis
    to the support's edge on the robot's side. lying: share of the seeds in which it lies as it would come to rest.
    """

    families: tuple[str, ...] = ("bottle",)
    mesh: str = ""
    mass_kg: float = 0.3
    friction: float = 0.7
    distance_m: Range = (1.8, 2.5)
    bearing_rad: Range = (-0.35, 0.35)
    edge_m: Range = (0.05, 0.09)
    lying: float = 0.0


@dataclass(frozen=True)
class ClutterSpec:
    """Other objects on the support, at least gap_m from the target, and boxes on the floor. lying: share that lies. In
    a bin, objects are at random places instead, the target as well, gap_m from hull to hull.
    """

    count: Range = (0, 1)
    families: tuple[str, ...] = ("can", "mug")
    gap_m: float = 0.2
    lying: float = 0.0
    floor_boxes: Range = (0, 2)


@dataclass(frozen=True)
class FurnitureSpec:
    """Boxes on the floor that stand in the way: their number, half width and height; where, in the frame of the robot's
    start; gap_m: left free around each, also to the robot's start, the support and the place.
    """

    count: Range = (0, 0)
    half_width_m: Range = (0.1, 0.2)
    height_m: Range = (0.2, 0.4)
    forward_m: Range = (0.8, 1.6)
    left_m: Range = (-0.6, 0.6)
    gap_m: float = 0.6


@dataclass(frozen=True)
class PlaceSpec:
    """A second box, to put objects on: its middle in the frame of the robot's start, height of its top, half its width,
    height of its rim.

    The tree's ports for the place must agree with it.
    """

    forward_m: Range = (0.2, 0.2)
    left_m: Range = (1.8, 1.8)
    height_m: Range = (0.52, 0.52)
    half_width_m: Range = (0.35, 0.35)
    rim_m: float = 0.0


@dataclass(frozen=True)
class PersonSpec:
    """A person who takes a held-out object: distance of their hand behind the robot's start, its height above the
    floor, greatest pull.
    """

    behind_m: Range = (1.1, 1.1)
    height_m: Range = (1.0, 1.0)
    pull_n: float = 60.0


@dataclass(frozen=True)
class LightSpec:
    intensity: Range = (2.0, 5.0)
    ambient: Range = (0.15, 0.4)


@dataclass(frozen=True)
class RobotSpec:
    """Where the robot starts: x and y in metres, heading in radians."""

    x_m: Range = (-0.1, 0.1)
    y_m: Range = (-0.1, 0.1)
    yaw_rad: Range = (-0.2, 0.2)


@dataclass(frozen=True)
class GroundSpec:
    """Ground that is not flat, for a robot on legs. Tables stand upright on it, and heights are above it.

    ramp_rad: slope of the whole floor, about the robot's start. uphill_rad: where it rises, from the heading to the
    target, positive to the left. hills_m: height of smooth hills that the seed draws, about a metre from one to the
    next. picture: a grey picture of the ground, in place of them, 8 m by 8 m about the start; white_m: height of its
    white over its black. Both are level near the start, and go with ramp_rad and rubble_m. steps: their number, across
    the way, with a level top on which the table stands. step_m: height of each. rubble_m: greatest height of bars at
    random places, under the robot's last steps and round the table. slippery: number of slippery patches on the way.
    slippery_half_m: half the width of each. slippery_friction: of the feet on them. Steps begin 0.7 m ahead of the
    start, rubble 0.5 m.
    """

    ramp_rad: Range = (0.0, 0.0)
    uphill_rad: Range = (0.0, 0.0)
    hills_m: Range = (0.0, 0.0)
    picture: str = ""
    white_m: float = 0.1
    steps: Range = (0, 0)
    step_m: Range = (0.05, 0.05)
    rubble_m: Range = (0.0, 0.0)
    slippery: Range = (0, 0)
    slippery_half_m: Range = (0.15, 0.3)
    slippery_friction: float = 0.2


@dataclass(frozen=True)
class SceneSpec:
    """The content of a scene file; every table and key is optional.

    name: of the scene. folder: that its paths are relative to. support, target, clutter, furniture, ground, light,
    robot, place, person: the tables; place and person are None without their table.
    """

    name: str
    folder: Path
    support: SupportSpec = field(default_factory=SupportSpec)
    target: TargetSpec = field(default_factory=TargetSpec)
    clutter: ClutterSpec = field(default_factory=ClutterSpec)
    furniture: FurnitureSpec = field(default_factory=FurnitureSpec)
    ground: GroundSpec = field(default_factory=GroundSpec)
    light: LightSpec = field(default_factory=LightSpec)
    robot: RobotSpec = field(default_factory=RobotSpec)
    place: PlaceSpec | None = None
    person: PersonSpec | None = None


LIMITS: dict[str, Range] = {
    "height_m": (0.0, 2.0),
    "half_width_m": (0.05, 1.0),
    "rim_m": (0.0, 0.5),
    "board_m": (0.0, 1.5),
    "lying": (0.0, 1.0),
    "mass_kg": (0.001, 10.0),
    "friction": (0.01, 3.0),
    "distance_m": (0.5, 10.0),
    "bearing_rad": (-3.15, 3.15),
    "edge_m": (0.0, 0.5),
    "forward_m": (-10.0, 10.0),
    "left_m": (-10.0, 10.0),
    "behind_m": (0.5, 2.0),
    "pull_n": (0.0, 200.0),
    "count": (0, 8),
    "gap_m": (0.01, 1.0),
    "floor_boxes": (0, 8),
    "intensity": (0.0, 50.0),
    "ambient": (0.0, 1.0),
    "x_m": (-50.0, 50.0),
    "y_m": (-50.0, 50.0),
    "yaw_rad": (-3.15, 3.15),
    "ramp_rad": (0.0, 0.35),
    "uphill_rad": (-3.15, 3.15),
    "hills_m": (0.0, 0.3),
    "white_m": (0.0, 0.5),
    "steps": (0, 8),
    "step_m": (0.01, 0.2),
    "rubble_m": (0.0, 0.15),
    "slippery": (0, 8),
    "slippery_half_m": (0.05, 1.0),
    "slippery_friction": (0.01, 1.0),
}
"""Allowed range of each key, in its unit; counts are whole numbers."""
TABLES = {
    "support": SupportSpec, "target": TargetSpec, "clutter": ClutterSpec, "furniture": FurnitureSpec,
    "ground": GroundSpec, "light": LightSpec, "robot": RobotSpec, "place": PlaceSpec, "person": PersonSpec,
}  # fmt: skip
"""The tables of a scene file, with the class of each."""


def scene_names() -> list[str]:
    """The names of the scenes in the library."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def load_scene(name_or_path: str) -> SceneSpec:
    """Read a scene. name_or_path: a scene of the library, or a TOML file. ConfigError, one line, for any error in
    it."""
    names = scene_names()
    path = LIBRARY / f"{name_or_path}.toml" if name_or_path in names else Path(name_or_path)
    if not os.path.exists(path) or os.path.isdir(path):
        raise ConfigError(f"unknown scene {shown(path)!r}: no such file, and the library has: {', '.join(names)}")
    data = read_toml(path, "scene file")
    tables: dict[str, Any] = {}
    for table, content in data.items():
        if table not in TABLES or not isinstance(content, dict):
            raise ConfigError(f"{path}: unknown table [{table}]; choose from: {', '.join(TABLES)}")
        tables[table] = read_table(path, table, TABLES[table], content)
    spec = SceneSpec(path.stem, path.parent, **tables)
    if spec.clutter.count[1] >= 1 and not spec.clutter.families:
        raise ConfigError(
            f"{path}: [clutter] families is empty; name some of {', '.join(ALL_FAMILIES)}, or set count = 0"
        )
    ground = spec.ground
    rolling = "picture" if ground.picture else "hills_m" if ground.hills_m[1] > 0 else ""
    beside = {"steps": ground.steps[1] > 0, "slippery": ground.slippery[1] > 0}
    beside["hills_m"] = rolling == "picture" and ground.hills_m[1] > 0
    if rolling and (key := next((key for key, given in beside.items() if given), "")):
        raise ConfigError(f"{path}: [ground] {key} does not go with {rolling}; leave one of them out")
    return spec


def read_table(path: Path, table: str, kind: type[Any], content: dict[str, Any]) -> Any:
    """The value of a table. kind: its class in TABLES. ConfigError for the first key that is wrong."""
    known = {entry.name: entry.default for entry in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in content.items():
        where = f"{path}: [{table}] {key}"
        if key not in known:
            raise ConfigError(f"{where}: unknown key; choose from: {', '.join(known)}")
        default = known[key]
        assert default is not MISSING
        if key == "families":
            wrong = [family for family in value if family not in ALL_FAMILIES] if isinstance(value, list) else [value]
            if wrong:
                raise ConfigError(f"{where}: unknown {wrong[0]!r}; a list of: {', '.join(ALL_FAMILIES)}")
            values[key] = tuple(value)
        elif isinstance(default, tuple):
            values[key] = _read_range(where, value, LIMITS[key])
        elif isinstance(default, str) is not isinstance(value, str) or isinstance(value, bool | list):
            raise ConfigError(f"{where}: {value!r} is not a {type(default).__name__}")
        else:
            values[key] = value if isinstance(value, str) else _read_range(where, value, LIMITS[key])[0]
    return kind(**values)


def _read_range(where: str, value: Any, limits: Range) -> Range:
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or any(isinstance(v, bool) or not isinstance(v, int | float) for v in pair) or pair[0] > pair[1]:
        raise ConfigError(f"{where}: {value!r} is not a number or a range [low, high]")
    if not (limits[0] <= pair[0] and pair[1] <= limits[1]):
        raise ConfigError(f"{where}: {value!r} is not within {limits[0]:g} to {limits[1]:g}")
    return float(pair[0]), float(pair[1])
