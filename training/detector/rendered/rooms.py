"""Random rooms for training pictures: stools, tables, blocks, shelves and floors with objects."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from perception.geometry import Pose, unit
from simulation.scene.objects import Family
from simulation.scene.textures import Image, random_color, smooth_noise, surface_texture, to_image
from training.detector.rendered.objects import fit, random_object, rod
from training.detector.rendered.others import other_object
from training.detector.rendered.raycast import DIFFUSE, GLOSSY, TEXTURE_PX, Array, Lighting, Material, Solid

Rng = np.random.Generator
FAMILY_ODDS: dict[Family, float] = {"bottle": 0.36, "thermos": 0.24, "can": 0.22, "mug": 0.18}
LYING = 0.08
"""Share of objects that lie on their side."""
BARE = 0.08
"""Share of scenes without a bottle, can or mug."""
TRIES = 12


@dataclass
class Room:
    """A scene. families: of instance k at index k - 1. anchors: points (3,) for cameras to look at, world frame."""

    solids: list[Solid] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    anchors: list[Array] = field(default_factory=list)
    light: Lighting | None = None


def _wood(rng: Rng) -> Image:
    """Grain along the columns, from pale pine to dark walnut and orange varnish."""
    base = np.array([0.62, 0.4, 0.2]) * rng.uniform(0.5, 1.4) * (1 + rng.normal(0, 0.12, 3))
    rings = smooth_noise(rng, TEXTURE_PX, TEXTURE_PX, int(rng.integers(2, 6)))
    fine = cv2.resize(smooth_noise(rng, TEXTURE_PX, 6, 90), (TEXTURE_PX, TEXTURE_PX))
    grain = 0.5 + 0.5 * np.sin(2 * np.pi * (rings * rng.uniform(3, 14) + 0.6 * fine))
    return to_image(np.clip(base * (1 - rng.uniform(0.05, 0.4) * grain[..., None]), 0, 1))


def _woven(rng: Rng) -> Image:
    """Foam, cloth or carpet: a fine weave, mostly dark and grey."""
    tone = rng.uniform(0.03, 0.35) if rng.random() < 0.6 else random_color(rng)
    across, down = np.meshgrid(np.arange(TEXTURE_PX), np.arange(TEXTURE_PX))
    step = rng.uniform(3, 9)
    weave = np.sin(2 * np.pi * across / step) * np.sin(2 * np.pi * down / step)
    rough = rng.normal(0, 1, (TEXTURE_PX, TEXTURE_PX))
    shade = 1 + rng.uniform(0, 0.35) * weave + rng.uniform(0, 0.25) * rough
    return to_image(np.clip(np.ones(3) * tone * shade[..., None], 0, 1))


def _bricks(rng: Rng) -> Image:
    picture = np.tile(random_color(rng), (TEXTURE_PX, TEXTURE_PX, 1))
    joint, rows = random_color(rng), int(rng.integers(4, 14))
    high = TEXTURE_PX / rows
    for row in range(rows):
        for left in np.arange(-1, 5) + 0.5 * (row % 2):
            low = (int(left * TEXTURE_PX / 4), int(row * high))
            tone = tuple((picture[0, 0] * rng.uniform(0.8, 1.2)).tolist())
            cv2.rectangle(picture, low, (low[0] + TEXTURE_PX // 4, int(low[1] + high)), tone, -1)
            cv2.rectangle(picture, low, (low[0] + TEXTURE_PX // 4, int(low[1] + high)), tuple(joint.tolist()), 2)
    return to_image(np.clip(picture, 0, 1))


def _poster(rng: Rng) -> Image:
    """Blobs and rectangles of colour, as in a photograph or a crowded shelf."""
    grid = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9)), 3))
    mode = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_CUBIC
    picture = np.ascontiguousarray(cv2.resize(grid, (TEXTURE_PX, TEXTURE_PX), interpolation=mode))
    for _ in range(int(rng.integers(0, 12))):
        low, high = rng.integers(0, TEXTURE_PX, 2), rng.integers(4, 90, 2)
        color = tuple(rng.random(3).tolist())
        if rng.random() < 0.6:
            cv2.rectangle(picture, low.tolist(), (low + high).tolist(), color, -1)
        else:
            cv2.line(picture, low.tolist(), rng.integers(0, TEXTURE_PX, 2).tolist(), color, int(rng.integers(1, 8)))
    return to_image(np.clip(picture, 0, 1))


def surface(rng: Rng) -> Image:
    kind = rng.random()
    if kind < 0.4:
        return fit(surface_texture(rng, TEXTURE_PX))
    maker = [_wood, _woven, _bricks, _poster][min(int((kind - 0.4) / 0.15), 3)]
    return maker(rng)


def _stuff(rng: Rng, tile_m: float = 0.0) -> Material:
    return Material(int(rng.choice([DIFFUSE, DIFFUSE, GLOSSY])), float(rng.uniform(0.05, 0.4)), tile_m=tile_m)


def _block(rng: Rng, xyz: tuple[float, ...], half: tuple[float, ...], yaw: float, texture: Image) -> Solid:
    tile = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.3 else 0.0
    half_m = (float(half[0]), float(half[1]), float(half[2]))
    return Solid(Pose.from_rpy((0, 0, yaw), xyz), texture, half_m=half_m, material=_stuff(rng, tile))


def _support(rng: Rng, room: Room) -> list[tuple[float, float, float, bool]]:
    """Add a support; returns its tops as (height, half width, half depth, round)."""
    kind = rng.choice(["stool", "stool", "table", "block", "block", "shelf", "floor"])
    height, yaw = rng.uniform(0.3, 0.8), rng.uniform(-np.pi, np.pi)
    texture = _wood(rng) if rng.random() < 0.55 else surface(rng)
    if kind == "floor":
        return [(0.0, 0.35, 0.35, True)]
    if kind == "stool":
        r, thick = rng.uniform(0.12, 0.24), rng.uniform(0.015, 0.05)
        edge = rng.uniform(0.2, 0.5) * thick
        seat = [(0, -thick), (r - edge, -thick), (r, edge - thick), (r, -edge), (r - edge, 0), (0, 0)]
        stuff = Material(GLOSSY if rng.random() < 0.5 else DIFFUSE, 0.2)
        room.solids.append(Solid(Pose.from_rpy((0, 0, 0), (0, 0, height)), texture, profile=np.array(seat, np.float64),
                                 material=stuff))  # fmt: skip
        legs, splay, thickness = int(rng.integers(3, 5)), rng.uniform(0.8, 1.5), rng.uniform(0.01, 0.028)
        leg_skin = texture if rng.random() < 0.6 else surface(rng)
        for turn in yaw + np.arange(legs) * 2 * np.pi / legs:
            c, s = np.cos(turn), np.sin(turn)
            top, foot = 0.65 * r, 0.65 * r * splay + 0.03
            pose, profile = rod((top * c, top * s, height - thick), (foot * c, foot * s, 0.0), thickness, thickness)
            middle = np.array([(thickness * rng.uniform(1, 1.7), 0.45 * profile[2, 1])])
            room.solids.append(
                Solid(pose, leg_skin, profile=np.vstack([profile[:2], middle, profile[2:]]), material=stuff)
            )
        return [(height, r, r, True)]
    wide, deep = rng.uniform(0.13, 0.6), rng.uniform(0.13, 0.35)
    if kind == "block":
        room.solids.append(_block(rng, (0, 0, height / 2), (wide, deep, height / 2), 0.0, texture))
        return [(height, wide, deep, False)]
    if kind == "table":
        thick, leg = rng.uniform(0.008, 0.03), rng.uniform(0.012, 0.035)
        room.solids.append(_block(rng, (0, 0, height - thick), (wide, deep, thick), 0.0, texture))
        for x, y in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
            place = (x * (wide - leg), y * (deep - leg), height / 2 - thick)
            room.solids.append(_block(rng, place, (leg, leg, height / 2 - thick), 0.0, texture))
        return [(height, wide, deep, False)]
    boards = np.arange(int(rng.integers(2, 4))) * rng.uniform(0.3, 0.42) + rng.uniform(0.05, 0.5)
    for z in boards:
        room.solids.append(_block(rng, (0, 0, z - 0.01), (wide, deep, 0.01), 0.0, texture))
    top = float(boards[-1]) + 0.35
    room.solids.append(_block(rng, (0, deep + 0.01, top / 2), (wide, 0.01, top / 2), 0.0, surface(rng)))
    for side in (-1, 1):
        room.solids.append(_block(rng, (side * wide, 0, top / 2), (0.01, deep, top / 2), 0.0, texture))
    return [(float(z), wide - 0.02, deep - 0.01, False) for z in boards]


def _fill(rng: Rng, room: Room, top: tuple[float, float, float, bool], labelled: int, others: int) -> None:
    """Put objects of FAMILY_ODDS and other ones on a top, standing or lying, without overlap."""
    height, wide, deep, is_round = top
    taken: list[tuple[float, float, float]] = []
    kinds = ["main"] * labelled + ["other"] * others
    for kind in kinds:
        for _ in range(TRIES):
            x, y = rng.uniform(-wide, wide), rng.uniform(-deep, deep)
            if is_round and np.hypot(x, y) > wide:
                continue
            place = Pose.from_rpy((0, 0, rng.uniform(-np.pi, np.pi)), (x, y, height + 0.0005))
            number = len(room.families) + 1
            if kind == "main":
                family = rng.choice(list(FAMILY_ODDS), p=list(FAMILY_ODDS.values()))
                solids, radius, tall = random_object(rng, family, place, number)
            else:
                solids, radius, tall, family = other_object(rng, place, number)
            reach, tip = radius, None
            if rng.random() < LYING and kind == "main":
                lift = Pose.from_rpy((0, 0, 0), (0, 0, radius))
                tip = place @ lift @ Pose.from_rpy((0, np.pi / 2, 0), (-tall / 2, 0, 0)) @ place.inverse()
                reach = tall / 2
            if any(np.hypot(x - a, y - b) < reach + r + 0.004 for a, b, r in taken):
                continue
            if tip is not None:
                solids = [Solid(tip @ s.pose, s.texture, s.half_m, s.profile, s.material, s.instance) for s in solids]
            taken.append((x, y, reach))
            room.solids += solids
            if family:
                room.families.append(str(family))
                room.anchors.append(np.array([x, y, height + (radius if tip is not None else tall / 2)]))
            break
    if not room.anchors:
        room.anchors.append(np.array([0.0, 0.0, height + 0.1]))


def _surroundings(rng: Rng, room: Room) -> None:
    """Add floor, walls, posters, boxes, poles and other objects around."""
    room.solids.append(
        Solid(
            Pose.from_rpy((0, 0, 0), (0, 0, -0.05)),
            surface(rng),
            half_m=(9, 9, 0.05),
            material=_stuff(rng, rng.uniform(0.3, 3)),
        )
    )
    wall, around = surface(rng), rng.uniform(-np.pi, np.pi)
    for index in range(int(rng.integers(0, 5))):
        turn, away = around + index * np.pi / 2 + rng.normal(0, 0.1), rng.uniform(0.5, 3.5)
        if rng.random() < 0.4:
            wall = surface(rng)
        texture, size = wall, (0.02, 9.0, 1.4)
        place = (away * np.cos(turn), away * np.sin(turn), 1.4)
        tile = Material(tile_m=float(rng.uniform(0.2, 3.0))) if rng.random() < 0.8 else Material()
        room.solids.append(Solid(Pose.from_rpy((0, 0, turn), place), texture, half_m=size, material=tile))
        for _ in range(int(rng.integers(0, 3))):
            along, up = rng.uniform(-2, 2), rng.uniform(0.2, 1.8)
            spot = Pose.from_rpy((0, 0, turn), place).transform([-0.03, along, up - 1.4])
            half = (0.012, rng.uniform(0.03, 0.7), rng.uniform(0.03, 0.7))
            room.solids.append(_block(rng, tuple(spot), half, turn, _poster(rng)))
    for _ in range(int(rng.integers(0, 7))):
        turn, away = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 2.8)
        x, y = away * np.cos(turn), away * np.sin(turn)
        kind = rng.random()
        if kind < 0.6:
            bulk = rng.uniform(0.15, 0.35, 3)  # too large for a box to grasp
            room.solids.append(_block(rng, (x, y, bulk[2]), tuple(bulk), rng.uniform(-np.pi, np.pi), surface(rng)))
        elif kind < 0.85:  # poles, pipes, legs of furniture, cables
            thick, lean = np.exp(rng.uniform(np.log(0.003), np.log(0.06))), rng.normal(0, 0.5, 2)
            pose, profile = rod((x, y, 0.0), (x + lean[0], y + lean[1], rng.uniform(0.3, 2.2)), thick, thick)
            room.solids.append(Solid(pose, surface(rng), profile=profile, material=_stuff(rng)))
        else:
            on_floor = Pose.from_rpy((0, 0, turn), (x, y, 0.0005))
            solids, _, _, family = other_object(rng, on_floor, len(room.families) + 1)
            room.solids += solids
            if family:
                room.families.append(family)


def random_light(rng: Rng) -> Lighting:
    """Ambient light and one to three suns or lamps; a sky with horizon, bright windows and dark corners."""
    suns = []
    for index in range(int(rng.integers(1, 4))):
        towards = unit([rng.normal(), rng.normal(), rng.uniform(0.3, 2.0)])
        power = rng.uniform(0.3, 1.1) / (index + 1) * (1 + rng.normal(0, 0.06, 3))
        suns.append([*towards, *power, rng.uniform(0.01, 0.15)])
    high, wide = 64, 128
    up = np.linspace(1, 0, high)[:, None, None]
    sky = (1 - up) * rng.uniform(0.05, 0.5, 3) + up * rng.uniform(0.3, 1.0, 3)
    sky = np.tile(sky, (1, wide, 1))
    for _ in range(int(rng.integers(1, 9))):
        row, column = int(rng.integers(0, high // 2 + 8)), int(rng.integers(0, wide))
        size = rng.integers(2, 24, 2)
        tone = rng.uniform(0.9, 3.0) if rng.random() < 0.6 else rng.uniform(0, 0.25)
        sky[row : row + size[0], column : column + size[1]] = tone * (1 + rng.normal(0, 0.05, 3))
    sky = np.asarray(cv2.GaussianBlur(sky, (0, 0), float(rng.uniform(0.5, 3.0))), np.float64)
    if rng.random() < 0.5:
        sky = np.tile(sky.mean(axis=2, keepdims=True), (1, 1, 3))
    return Lighting(float(rng.uniform(0.12, 0.6)), np.array(suns, np.float64), np.ascontiguousarray(sky))


def random_room(rng: Rng) -> Room:
    """A random scene: the support with its objects about (0, 0), surroundings and light."""
    room = Room()
    tops = _support(rng, room)
    bare = rng.random() < BARE
    for top in tops:
        main = 0 if bare else int(rng.integers(1, 6 if top[1] > 0.25 else 4))
        _fill(rng, room, top, main, int(rng.integers(0, 6 if top[1] > 0.25 else 4)))
    _surroundings(rng, room)
    room.light = random_light(rng)
    return room
