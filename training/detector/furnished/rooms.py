"""Random furnished rooms with objects on a table, a cupboard, a stool, a shelf or the floor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.geometry import Pose
from training.dataset.ways.raster import rasterize
from training.detector.furnished.made import box_model, made_object
from training.detector.furnished.models import Model, fit_texture, load_model, read_photo
from training.detector.furnished.shade import Placed
from training.detector.rendered.raycast import CLEAR, DIFFUSE, GLOSSY, METAL, Array, Lighting
from training.detector.rendered.rooms import Rng, random_light, surface
from training.detector.words import WORDS

Free = NDArray[np.bool_]
TOP_PX: Final = 96
LEVEL_M: Final = 0.006
FOREIGN: Final = 0.5
"""Share of objects that are models of other people, where there are some of the word."""
GREY: Final = 0.15
RECOLOURED: Final = 0.4
SEVERAL: Final = 0.3
"""Share of rooms in which one object is there several times."""
LYING: Final = 0.15
LIE: Final = ("bottle", "can", "mug", "jar", "glass", "box")
CLUTTERED: Final = 0.65
"""Share of rooms whose objects stand close together."""
PHOTO: Final = 0.5
WEIGHTS: Final = {"bottle": 1.5, "can": 1.3, "mug": 1.4, "tool": 0.8}
TRIES: Final = 14


@dataclass
class Furnished:
    """A scene. families: the word of instance k at index k - 1. anchors: points (3,) for cameras to look at."""

    placed: list[Placed]
    light: Lighting
    families: list[str] = field(default_factory=list)
    anchors: list[Array] = field(default_factory=list)


class Shelf:
    """The collected models and photographs of one part, train or test. ConfigError if the folder holds none."""

    def __init__(self, folder: Path) -> None:
        self.things = {word: sorted(folder.glob(f"things/{word}/*.npz")) for word in (*WORDS, "none")}
        self.supports = sorted(folder.glob("supports/*.npz"))
        self.furniture = sorted(folder.glob("furniture/*.npz"))
        self.photos = sorted(folder.glob("photos/*.jpg"))
        if not self.supports or not self.photos:
            collect = "python -m training.detector.furnished.collect"
            raise ConfigError(f"{folder}: no models or photographs; collect them with `{collect}`")


_load = lru_cache(maxsize=600)(load_model)
_photo = lru_cache(maxsize=200)(fit_texture)
_wide_photo = lru_cache(maxsize=40)(read_photo)


def _pick(rng: Rng, paths: list[Path]) -> Path:
    return paths[int(rng.integers(len(paths)))]


def _turned(rng: Rng) -> Array:
    return np.asarray(Pose.from_rpy((0, 0, rng.uniform(-np.pi, np.pi))).rotation)


def _skin(rng: Rng, shelf: Shelf) -> NDArray[np.uint8]:
    """A texture for a wall, a floor or a board: a photograph, or a made one."""
    return _photo(_pick(rng, shelf.photos)) if rng.random() < 0.25 else surface(rng)


def thing(rng: Rng, word: str, shelf: Shelf) -> Model:
    """An object of a word, or of none for "none", sometimes in another colour, without texture or with a photograph."""
    paths = shelf.things[word]
    if paths and rng.random() < FOREIGN:
        model = _load(_pick(rng, paths))
        scale = rng.uniform(0.85, 1.15) * np.array([*np.repeat(rng.uniform(0.93, 1.07), 2), rng.uniform(0.93, 1.07)])
        model = replace(model, corners=model.corners * scale)
    else:
        model = made_object(rng, word)
    materials, textures = model.materials.copy(), model.textures
    change = rng.random()
    if change < GREY:
        tone = rng.uniform(0.3, 0.9) if rng.random() < 0.7 else rng.uniform(0.05, 0.95, 3)
        materials[:, 2:5], materials[:, 5] = tone, -1
        materials[:, 0] = np.where(materials[:, 0] == CLEAR, CLEAR, DIFFUSE)
    elif change < GREY + RECOLOURED:
        materials[:, 2:5] = np.clip(materials[:, 2:5] * rng.uniform(0.4, 1.3, (len(materials), 3)), 0, 1)
        if rng.random() < 0.5 and word != "glass":
            materials[:, 0] = np.where(materials[:, 0] == CLEAR, CLEAR, rng.choice([DIFFUSE, GLOSSY]))
    elif change < 0.75 and word in ("box", "can", "bottle", "mug", "jar") and len(textures) and rng.random() < 0.5:
        textures = np.stack([_photo(_pick(rng, shelf.photos)) for _ in textures])
    if word == "bottle" and rng.random() < 0.08:
        materials[:, 0], materials[:, 1], materials[:, 2:5] = METAL, rng.uniform(0.02, 0.3), rng.uniform(0.6, 0.95)
        materials[:, 5] = -1
    return replace(model, materials=materials, textures=textures)


def top_of(model: Model) -> tuple[Free, float, float]:
    """(free (TOP_PX, TOP_PX) bool, metres of a cell, height m): where the largest level surface seen from above is."""
    half = 1.02 * model.radius_m
    away = 30.0
    # seen from straight above with a long lens: x to the right, y down
    seen = (model.corners * [1, -1, -1]) + [0, 0, model.height_m + away]
    focal = TOP_PX * away / (2 * half)
    depth, hit, _ = rasterize(seen, TOP_PX, TOP_PX, focal, focal, TOP_PX / 2, TOP_PX / 2, 1.0, 100.0)
    height = np.where(hit >= 0, model.height_m + away - depth, -1.0)
    levels = height[height > 0.2]
    if not levels.size:
        return np.zeros((TOP_PX, TOP_PX), bool), 2 * half / TOP_PX, 0.0
    counts, edges = np.histogram(levels, bins=np.arange(0.2, 2.6, LEVEL_M))
    level = float(edges[int(np.argmax(counts))] + LEVEL_M / 2)
    level = float(np.median(levels[np.abs(levels - level) < LEVEL_M]))
    return np.abs(height - level) < LEVEL_M, 2 * half / TOP_PX, level


_top = lru_cache(maxsize=200)(lambda path: top_of(_load(path)))


def _support(rng: Rng, shelf: Shelf, room: Furnished) -> tuple[Free, float, Array]:
    """Add what the objects stand on about (0, 0); returns (free cells (n, n), metres of a cell, heights)."""
    kind = rng.random()
    if kind < 0.6:
        path = _pick(rng, shelf.supports)
        free, cell, level = _top(path)
        if np.count_nonzero(free) * cell * cell > 0.04:
            model = _load(path)
            if rng.random() < 0.4:
                model = replace(model, materials=_tinted(rng, model.materials))
            room.placed.append(Placed(model, np.eye(3), np.zeros(3)))
            return free, cell, np.array([level])
    n, cell = 64, 0.02
    if kind < 0.72:  # the floor
        return np.ones((n, n), bool), cell, np.array([0.0])
    wide, deep = rng.uniform(0.15, 0.6), rng.uniform(0.15, 0.4)
    across = (np.arange(n) - n / 2 + 0.5) * cell
    free = (np.abs(across)[None] < wide) & (np.abs(across)[:, None] < deep)
    height = rng.uniform(0.25, 0.95)
    if kind < 0.85:  # a block
        half = np.array([wide, deep, height / 2])
        room.placed.append(Placed(box_model(half, _skin(rng, shelf)), np.eye(3), np.zeros(3)))
        return free, cell, np.array([height])
    skin, heights = _skin(rng, shelf), rng.uniform(0.05, 0.4) + np.arange(3) * rng.uniform(0.28, 0.4)
    board = box_model(np.array([wide, deep, 0.01]), skin)
    side = box_model(np.array([0.01, deep, heights[-1] / 2 + 0.2]), skin)
    back = box_model(np.array([wide, 0.01, heights[-1] / 2 + 0.2]), _skin(rng, shelf))
    room.placed += [Placed(board, np.eye(3), np.array([0, 0, z - 0.02])) for z in heights]
    room.placed += [Placed(side, np.eye(3), np.array([s * wide, 0, 0])) for s in (-1, 1)]
    room.placed.append(Placed(back, np.eye(3), np.array([0, deep, 0])))
    return free, cell, np.asarray(heights, np.float64)


def _tinted(rng: Rng, materials: Array) -> Array:
    tinted = materials.copy()
    tinted[:, 2:5] = np.clip(tinted[:, 2:5] * rng.uniform(0.4, 1.4) * rng.uniform(0.7, 1.3, 3), 0, 1)
    return tinted


def _stand(rng: Rng, model: Model, word: str) -> tuple[Array, Array, float]:
    """(rotation, corners on z = 0, radius) of an object as it stands or lies."""
    rotation = _turned(rng)
    if word in LIE and rng.random() < LYING:
        rotation = rotation @ Pose.from_rpy((0, np.pi / 2, 0)).rotation @ _turned(rng)
    corners = model.corners @ rotation.T
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    flat = corners.reshape(-1, 3)[:, :2] - middle[:2]
    return rotation, middle, float(np.linalg.norm(flat, axis=1).max())


def _fill(rng: Rng, shelf: Shelf, room: Furnished) -> None:
    free, cell, heights = _support(rng, shelf, room)
    n = len(free)
    odds = np.array([WEIGHTS.get(word, 1.0) for word in WORDS])
    wanted = [str(w) for w in rng.choice(WORDS, int(rng.integers(4, 13)), p=odds / odds.sum())]
    wanted += ["none"] * int(rng.integers(0, 4))
    items = [(word, thing(rng, word, shelf)) for word in wanted]
    if rng.random() < SEVERAL:
        items += [items[int(rng.integers(len(items)))]] * int(rng.integers(1, 4))
    if rng.random() < 0.05:
        items = [item for item in items if item[0] == "none"]
    cells = np.argwhere(free)
    centre = cells[int(rng.integers(len(cells)))] if rng.random() < CLUTTERED else None
    taken: list[tuple[float, float, float, float]] = []
    for word, model in items:
        rotation, middle, radius = _stand(rng, model, word)
        reach = max(int(0.8 * radius / cell), 1)
        inside = cv2.erode(np.pad(free, 1).astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8))[1:-1, 1:-1] > 0
        room_left = np.argwhere(inside)
        if not len(room_left):
            continue
        for attempt in range(TRIES):
            if centre is not None:
                away = np.linalg.norm(room_left - centre, axis=1) + rng.exponential(
                    0.05 * (attempt + 1) / cell, len(room_left)
                )
                v, u = room_left[int(np.argmin(away))]
            else:
                v, u = room_left[int(rng.integers(len(room_left)))]
            x = (u + rng.random() - n / 2) * cell
            y = (n / 2 - v - rng.random()) * cell
            z = float(rng.choice(heights))
            if any(z == c and np.hypot(x - a, y - b) < radius + r + 0.003 for a, b, r, c in taken):
                continue
            taken.append((x, y, radius, z))
            place = np.array([x, y, z + 0.0005]) - middle
            number = 0
            if word != "none":
                room.families.append(word)
                number = len(room.families)
                room.anchors.append(np.array([x, y, z + 0.05]))
            room.placed.append(Placed(model, rotation, place, number))
            break
    if not room.anchors:
        v, u = cells[int(rng.integers(len(cells)))]
        room.anchors.append(np.array([(u - n / 2) * cell, -(v - n / 2) * cell, float(heights[0]) + 0.05]))


def _surround(rng: Rng, shelf: Shelf, room: Furnished) -> None:
    """Add floor, walls with pictures, and furniture around."""
    floor = box_model(np.array([6.0, 6.0, 0.05]), _skin(rng, shelf), DIFFUSE, float(rng.uniform(0.3, 2.5)))
    room.placed.append(Placed(floor, np.eye(3), np.array([0, 0, -0.1])))
    yaw, wall = rng.uniform(-np.pi, np.pi), _skin(rng, shelf)
    for index in range(int(rng.integers(0, 5))):
        turn, away = yaw + index * np.pi / 2, rng.uniform(0.9, 3.5)
        rotation = np.asarray(Pose.from_rpy((0, 0, turn)).rotation)
        place = away * rotation[:, 0]
        model = box_model(np.array([0.02, 4.5, 1.3]), wall, DIFFUSE, float(rng.uniform(0.4, 3.0)))
        room.placed.append(Placed(model, rotation, place))
        for _ in range(int(rng.integers(0, 3))):
            half = np.array([0.01, rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.5)])
            spot = place + rotation @ np.array([-0.03, rng.uniform(-1.6, 1.6), rng.uniform(0.4, 1.3)])
            room.placed.append(Placed(box_model(half, _photo(_pick(rng, shelf.photos))), rotation, spot))
        for _ in range(int(rng.integers(0, 3))):
            model = _load(_pick(rng, shelf.furniture))
            spot = place + rotation @ np.array([-0.05 - model.radius_m * 0.7, rng.uniform(-2, 2), 0.0])
            if np.hypot(*spot[:2]) > 0.6 + model.radius_m:
                back = np.asarray(Pose.from_rpy((0, 0, turn - np.pi / 2)).rotation)
                room.placed.append(Placed(model, back, spot))
    for _ in range(int(rng.integers(0, 3))):
        model = _load(_pick(rng, [*shelf.furniture, *shelf.supports]))
        turn, away = rng.uniform(-np.pi, np.pi), rng.uniform(0.8, 2.4) + model.radius_m
        room.placed.append(Placed(model, _turned(rng), np.array([away * np.cos(turn), away * np.sin(turn), 0])))


def furnished_room(rng: Rng, shelf: Shelf) -> Furnished:
    """A random scene: its objects about (0, 0), furniture, and light; a photograph as the surroundings of half."""
    light = random_light(rng)
    first = light.suns[0].copy()
    above = np.array([rng.normal(0, 0.15), rng.normal(0, 0.15), 1.0, *rng.uniform(0.25, 0.6, 3), 0.1])
    above[:3] /= np.linalg.norm(above[:3])
    sky = light.sky
    if rng.random() < PHOTO:
        photo = cv2.resize(_wide_photo(_pick(rng, shelf.photos)), (1024, 512), interpolation=cv2.INTER_LINEAR)
        sky = np.ascontiguousarray((photo / 255.0) ** 2.0 * rng.uniform(0.8, 2.2))
    light = Lighting(light.ambient, np.stack([first, above]), sky)
    room = Furnished([], light)
    _fill(rng, shelf, room)
    if rng.random() < 0.92:
        _surround(rng, shelf, room)
    return room
