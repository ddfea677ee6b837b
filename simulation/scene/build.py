"""Draws a scene from a scene file and a seed, and adds it to Genesis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.scene.furniture import furnish, shelf
from simulation.scene.ground.floor import GROUND_FRICTION, add_floor
from simulation.scene.ground.land import Land, lay
from simulation.scene.low_objects import make_any_object
from simulation.scene.mesh_files import write_obj
from simulation.scene.person import Taker
from simulation.scene.placing import Box, Placed, fill, lie, rim, stand
from simulation.scene.spec import PersonSpec, PlaceSpec, Range, SceneSpec, load_scene, scene_names
from simulation.scene.textures import Image, random_color, surface_texture
from simulation.scene.user_objects import load_user_mesh

__all__ = ["SceneEntities", "SceneSample", "add_to_scene", "load_scene", "sample_scene", "scene_names", "vis_options"]

SUPPORT_FRICTION = 0.5
SIDE_BY_SIDE_M = 0.16
"""Distance between the axes of two clutter objects on one side of the target: enough for two mugs with handles."""
OBJECT_SEEDS = 100_000
WALL_GAP_M = 0.3
"""Free space between a wall and the place to put objects on."""


@dataclass(frozen=True)
class SceneSample:
    """A scene with every random choice made. World frame: z up, the floor at 0 where the robot starts, metres.

    name, seed: of the scene. robot_xy_yaw: where the robot stands, m, m and rad. land: the ground. supports: tables.
    target: the object to grasp. clutter: other objects. walls: boxes. floor: texture. lights: (position, intensity) of
    each. ambient: light 0..1. background: RGB 0..1. place: the box of `supports` to put objects on. person: who takes
    the object. None where the scene has none.
    """

    name: str
    seed: int
    robot_xy_yaw: tuple[float, float, float]
    land: Land
    supports: tuple[Box, ...]
    target: Placed | None
    clutter: tuple[Placed, ...]
    walls: tuple[Box, ...]
    floor: Image
    lights: tuple[tuple[tuple[float, float, float], float], ...]
    ambient: float
    background: tuple[float, float, float]
    place: Box | None = None
    person: Taker | None = None


@dataclass(frozen=True)
class SceneEntities:
    """Genesis entities of a scene: the target, or None, and all objects with their entities."""

    target: Any | None
    objects: tuple[tuple[Placed, Any], ...]


def _draw(rng: np.random.Generator, limits: Range) -> float:
    return float(rng.uniform(*limits))


def _count(rng: np.random.Generator, limits: Range) -> int:
    return int(rng.integers(int(limits[0]), int(limits[1]) + 1))


def sample_scene(spec: SceneSpec, seed: int) -> SceneSample:
    """The scene that a seed draws from the ranges of `spec`; equal for equal arguments. ConfigError if a user's mesh
    cannot be used."""
    rng = np.random.default_rng([seed, 0])
    x, y, yaw = _draw(rng, spec.robot.x_m), _draw(rng, spec.robot.y_m), _draw(rng, spec.robot.yaw_rad)
    heading = yaw + _draw(rng, spec.target.bearing_rad)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    side = np.array([-ahead[1], ahead[0]])
    spot = np.array([x, y]) + ahead * _draw(rng, spec.target.distance_m)
    land = lay(spec.ground, (x, y), heading, seed, spec.folder)
    height, half = _draw(rng, spec.support.height_m), _draw(rng, spec.support.half_width_m)
    edge = _draw(rng, spec.target.edge_m)
    turn = float(rng.uniform(-0.25, 0.25))
    middle = spot + ahead * (half - edge) + side * float(rng.uniform(-0.3, 0.3)) * half
    top = land.height_m(middle) + height
    support = land.upright(middle, (half, half), top, heading + turn, surface_texture(rng))
    supports = [support] if height > 0.0 else []
    on_ground = height == 0.0 and spec.support.rim_m == 0.0

    def under(xy: NDArray[np.float64]) -> float:
        return land.surface_m(xy) if on_ground else top

    lying = np.random.default_rng([seed, 4])
    target = None
    item_seed = int(rng.integers(OBJECT_SEEDS))
    if spec.target.mesh:
        item = load_user_mesh(
            spec.folder / spec.target.mesh, mass_kg=spec.target.mass_kg, friction=spec.target.friction
        )
        target = stand(item, spot, under(spot), _draw(rng, (-np.pi, np.pi)))
    elif spec.target.families:
        family = spec.target.families[int(rng.integers(len(spec.target.families)))]
        how = lie if lying.random() < spec.target.lying else stand
        target = how(make_any_object(family, item_seed), spot, under(spot), _draw(rng, (-np.pi, np.pi)))
    clutter = []
    for index in range(_count(rng, spec.clutter.count)):
        kind = spec.clutter.families[int(rng.integers(len(spec.clutter.families)))]
        other = make_any_object(kind, int(rng.integers(OBJECT_SEEDS)))
        left = 1.0 if (index + seed) % 2 else -1.0
        place = (
            spot
            + side * left * (spec.clutter.gap_m + SIDE_BY_SIDE_M * (index // 2))
            + ahead * float(rng.uniform(0.0, 0.1))
        )
        stool = land.upright(place, (0.06, 0.06), top, heading, surface_texture(rng))
        if height > 0.0 and np.abs(support.inside(place)).max() > half - 0.04:
            supports.append(stool)
        how = lie if lying.random() < spec.clutter.lying else stand
        clutter.append(how(other, place, under(place), _draw(rng, (-np.pi, np.pi))))
    if spec.support.rim_m > 0.0:
        placed = ([target] if target else []) + clutter
        placed = fill(support, placed, spec.clutter.gap_m, np.random.default_rng([seed, 5]))
        target, clutter = (placed[0], placed[1:]) if target else (None, placed)
        supports = [support, *rim(support, spec.support.rim_m)]
    for _ in range(_count(rng, spec.clutter.floor_boxes)):
        away = spot + ahead * float(rng.uniform(0.6, 2.0)) + side * float(rng.uniform(0.5, 1.6)) * rng.choice([-1, 1])
        wide, deep, tall = (float(half) for half in rng.uniform(0.08, 0.35, 3))
        box_top, box_yaw = land.height_m(away) + 2 * tall, _draw(rng, (0, np.pi))
        supports.append(land.upright(away, (wide, deep), box_top, box_yaw, surface_texture(rng)))
    place_box = None if spec.place is None else _place(spec.place, (x, y, yaw), land, seed)
    if spec.support.board_m > 0.0:
        supports += shelf(support, spec.support.board_m)
    others = [support, *supports] if place_box is None else [support, *supports, place_box]
    supports += furnish(spec.furniture, (x, y, yaw), others, land, seed)
    if spec.place is not None and place_box is not None:
        supports += [*(rim(place_box, spec.place.rim_m) if spec.place.rim_m > 0.0 else ()), place_box]
    return SceneSample(
        name=spec.name,
        seed=seed,
        robot_xy_yaw=(x, y, yaw),
        land=land,
        supports=tuple(supports),
        target=target,
        clutter=tuple(clutter),
        walls=tuple(
            wall for wall in _walls(rng, spot, ahead, heading, land) if place_box is None or _clear(wall, place_box)
        ),
        floor=surface_texture(rng),
        lights=_lights(rng, spec),
        ambient=_draw(rng, spec.light.ambient),
        background=tuple(np.clip(random_color(rng, low=0.3), 0, 1).tolist()),
        place=place_box,
        person=None if spec.person is None else _person(spec.person, (x, y, yaw), land, seed),
    )


def _rotate(xy: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * xy[0] - s * xy[1], s * xy[0] + c * xy[1]])


def _place(spec: PlaceSpec, robot_xy_yaw: tuple[float, float, float], land: Land, seed: int) -> Box:
    """The box to put objects on. It has its own random numbers, so that it does not change the rest of the scene."""
    rng = np.random.default_rng([seed, 2])
    x, y, yaw = robot_xy_yaw
    offset = _rotate(np.array([_draw(rng, spec.forward_m), _draw(rng, spec.left_m)]), yaw)
    height, half = _draw(rng, spec.height_m), _draw(rng, spec.half_width_m)
    middle = (float(x + offset[0]), float(y + offset[1]))
    return land.upright(middle, (half, half), land.height_m(middle) + height, yaw, surface_texture(rng))


def _person(spec: PersonSpec, robot_xy_yaw: tuple[float, float, float], land: Land, seed: int) -> Taker:
    """The person behind the start. It has its own random numbers, so that it does not change the rest of the scene."""
    rng = np.random.default_rng([seed, 3])
    x, y, yaw = robot_xy_yaw
    back = _rotate(np.array([-_draw(rng, spec.behind_m), 0.0]), yaw)
    at = (float(x + back[0]), float(y + back[1]))
    floor = land.height_m(at)
    return Taker((*at, floor + _draw(rng, spec.height_m)), spec.pull_n, floor)


def _clear(wall: Box, place: Box) -> bool:
    """Whether a wall leaves WALL_GAP_M around a place."""
    offset = _rotate(np.asarray(place.center_m[:2]) - wall.center_m[:2], -wall.yaw_rad)
    gap = np.maximum(np.abs(offset) - np.asarray(wall.half_m[:2]), 0.0)
    return bool(np.linalg.norm(gap) > place.half_m[0] * np.sqrt(2) + WALL_GAP_M)


def _walls(rng: np.random.Generator, spot: Any, ahead: Any, heading: float, land: Land) -> tuple[Box, ...]:
    """Sometimes a wall behind the target, and sometimes one beside it, both without contact."""
    walls = []
    if rng.random() < 0.85:
        far = spot + ahead * float(rng.uniform(0.9, 3.0))
        turned = heading + float(rng.uniform(-0.3, 0.3))
        walls.append(land.upright(far, (0.03, 4.0), land.height_m(far) + 2.6, turned, surface_texture(rng)))
    if rng.random() < 0.4:
        side = np.array([-ahead[1], ahead[0]]) * rng.choice([-1, 1])
        place = spot + side * float(rng.uniform(1.6, 2.5))
        walls.append(land.upright(place, (3.0, 0.03), land.height_m(place) + 2.6, heading, surface_texture(rng)))
    return tuple(walls)


def _lights(rng: np.random.Generator, spec: SceneSpec) -> tuple[tuple[tuple[float, float, float], float], ...]:
    lights = []
    for index in range(int(rng.integers(1, 3))):
        direction = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)), float(rng.uniform(-1.2, -0.5)))
        lights.append((direction, _draw(rng, spec.light.intensity) / (index + 1)))
    return tuple(lights)


def vis_options(sample: SceneSample, **more: Any) -> Any:
    """Genesis' VisOptions with the scene's lights, ambient light and background. more: further options."""
    import genesis as gs

    lights = [gs.options.vis.DirectionalLight(dir=d, color=(1.0, 1.0, 1.0), intensity=i) for d, i in sample.lights]
    return gs.options.VisOptions(
        lights=lights, ambient_light=(sample.ambient,) * 3, background_color=sample.background, shadow=True, **more
    )


def _write_box(box: Box, path: Path) -> Path:
    """Write a textured box as an OBJ; returns the file."""
    hx, hy, hz = box.half_m
    lines: list[str] = []
    count = 0
    for axis in range(3):
        for sign in (-1.0, 1.0):
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            normal = np.eye(3)[axis] * sign
            corners = [normal - u - v, normal + u - v, normal + u + v, normal - u + v]
            lines += ["v " + " ".join(f"{c:.5f}" for c in corner * [hx, hy, hz]) for corner in corners]
            lines += ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1"]
            order = (1, 2, 3, 4) if sign > 0 else (4, 3, 2, 1)
            i = [count + k for k in order]
            lines += [f"f {i[0]}/{i[0]} {i[1]}/{i[1]} {i[2]}/{i[2]}", f"f {i[0]}/{i[0]} {i[2]}/{i[2]} {i[3]}/{i[3]}"]
            count += 4
    return write_obj(path, box.texture, lines)


def _solids(sample: SceneSample) -> list[tuple[Box, Pose, float | None]]:
    """The boxes of a scene, how each is turned, and its friction; None without contact."""
    land = sample.land
    upright = [(box, SUPPORT_FRICTION) for box in sample.supports] + [(box, GROUND_FRICTION) for box in land.blocks]
    found: list[tuple[Box, Pose, float | None]] = [
        (box, Pose.from_rpy((0.0, 0.0, box.yaw_rad)), friction)
        for box, friction in [*upright, *((wall, None) for wall in sample.walls)]
    ]
    return found + [(box, land.pose((*box.center_m[:2], box.yaw_rad)), land.slip) for box in land.patches]


def add_to_scene(scene: Any, sample: SceneSample, folder: Path, *, physics: bool = True) -> SceneEntities:
    """Add everything but the robot to a gs.Scene before it is built. folder: for meshes and pictures.

    Supports collide as boxes, because light objects bounce on other shapes. Objects collide as `GraspObject.solid`
    says. physics: False makes everything fixed and without contact.
    """
    import genesis as gs

    add_floor(scene, sample.land, sample.floor, physics=physics)
    for index, (box, turned, friction) in enumerate(_solids(sample)):
        place = {"pos": box.center_m, "quat": tuple(turned.quaternion_wxyz), "fixed": True}
        if box.half_m[2] == 0.0:  # the floor itself
            continue
        if physics and friction is not None:
            size = tuple(2 * h for h in box.half_m)
            solid = gs.morphs.Box(size=size, visualization=False, **place)
            scene.add_entity(solid, material=gs.materials.Rigid(friction=friction))
        path = _write_box(box, folder / f"box-{index}.obj")
        scene.add_entity(gs.morphs.Mesh(file=str(path), collision=False, file_meshes_are_zup=True, **place))
    placed = ([sample.target] if sample.target else []) + list(sample.clutter)
    objects = []
    for item in placed:
        solid, density = item.object.solid()
        morph = gs.morphs.Mesh(
            file=str(item.object.write(folder)),
            pos=tuple(item.world_from_object.position_m),
            quat=tuple(item.world_from_object.quaternion_wxyz),
            file_meshes_are_zup=True,
            collision=physics,
            fixed=not physics,
            **solid,
        )
        material = gs.materials.Rigid(rho=density, friction=item.object.friction)
        objects.append((item, scene.add_entity(morph, material=material)))
    return SceneEntities(objects[0][1] if sample.target else None, tuple(objects))
