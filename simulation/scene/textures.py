"""Procedural textures of objects, floors and walls, from shapes and noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def random_color(rng: np.random.Generator, *, low: float = 0.05) -> NDArray[np.float64]:
    """(3,) random RGB 0..1, sometimes nearly grey."""
    high = 0.95
    if rng.random() < 0.3:
        return np.asarray(rng.uniform(low, high) + rng.normal(0, 0.03, 3))
    return np.asarray(rng.uniform(low, high, 3))


def smooth_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> NDArray[np.float64]:
    """(height, width) noise in 0..1 with about `cells` blobs across."""
    grid = rng.random((max(2, cells), max(2, cells))).astype(np.float32)
    blobs = np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float64)
    return np.clip(blobs, 0.0, 1.0)


def to_image(picture: NDArray[np.float64]) -> Image:
    return np.clip(picture * 255.0, 0, 255).astype(np.uint8)


def surface_texture(rng: np.random.Generator, size: int = 512) -> Image:
    """(size, size, 3) RGB for a floor, wall or support: plain, noisy, planks, tiles, speckled or striped."""
    base = random_color(rng)
    other = np.clip(base + rng.normal(0, 0.2, 3), 0, 1)
    kind = rng.choice(["plain", "noise", "planks", "tiles", "speckle", "stripes"])
    blend: NDArray[np.float64] = np.zeros((size, size))
    if kind == "noise":
        blend = smooth_noise(rng, size, size, int(rng.integers(3, 40)))
    elif kind == "planks":
        count = int(rng.integers(3, 10))
        rows = np.repeat(rng.random(count), -(-size // count))[:size]
        grain = smooth_noise(rng, size, 8, 60)
        blend = 0.5 * rows[:, None] + 0.5 * cv2.resize(grain, (size, size))
        blend[:: max(1, size // count)] = 1.5
    elif kind == "tiles":
        step = size // int(rng.integers(2, 9))
        column, row = np.meshgrid(np.arange(size) // step, np.arange(size) // step)
        blend = ((row + column) % 2).astype(np.float64) * rng.uniform(0.2, 1.0)
    elif kind == "speckle":
        blend = (rng.random((size, size)) < rng.uniform(0.02, 0.3)).astype(np.float64)
        blend = cv2.GaussianBlur(blend, (0, 0), rng.uniform(0.8, 3.0))
    elif kind == "stripes":
        wave = np.sin(np.arange(size) * 2 * np.pi * int(rng.integers(2, 20)) / size)
        blend = np.tile((wave > 0) * 1.0, (size, 1))
    picture = base + blend[..., None] * (other - base)
    picture *= 1 + rng.normal(0, 0.03, (size, size, 1))
    return to_image(picture)


def _paint(picture: NDArray[np.float64], stencil: Image, color: NDArray[np.float64]) -> None:
    """Blend a colour into the picture, by the stencil (uint8)."""
    picture += (stencil[..., None] / 255.0) * (color - picture)


def _letters(picture: NDArray[np.float64], rng: np.random.Generator, top: int, bottom: int) -> None:
    """Random words in a band of the label."""
    height, width = picture.shape[:2]
    ink = random_color(rng)
    for _ in range(int(rng.integers(1, 5))):
        word = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTUVXYZ&*0123456789"), int(rng.integers(2, 8))))
        place = (int(rng.integers(0, width)), int(rng.integers(top, max(top + 1, bottom))))
        scale = float(rng.uniform(0.4, 1.6)) * height / 256
        stencil = np.zeros((height, width), np.uint8)
        cv2.putText(stencil, word, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, max(1, int(2 * scale)), cv2.LINE_AA)
        _paint(picture, stencil, ink)


def wrapper_texture(rng: np.random.Generator, family: str) -> Image:
    """(256, 512, 3) RGB around an object of revolution: row 0 is its top, the columns go around once."""
    height, width = 256, 512
    base = random_color(rng)
    picture = np.tile(base, (height, width, 1))
    if family == "thermos" and rng.random() < 0.5:
        steel = rng.uniform(0.45, 0.75)
        sheen = 0.25 * np.cos(2 * np.pi * (np.arange(width) / width - rng.random()) * int(rng.integers(1, 4)))
        picture = np.tile((steel + sheen)[None, :, None], (height, 1, 3)).copy()
    elif rng.random() < 0.4:
        fade = np.linspace(0, 1, height)[:, None, None]
        picture = picture * (1 - fade) + random_color(rng) * fade
    for _ in range(int(rng.integers(0, 4))):
        top = int(rng.uniform(0.15, 0.9) * height)
        bottom = min(height, top + int(rng.uniform(0.02, 0.4) * height))
        picture[top:bottom] = random_color(rng)
        if rng.random() < 0.6:
            _letters(picture, rng, top, bottom)
    if rng.random() < 0.3:
        center = (int(rng.integers(0, width)), int(rng.uniform(0.3, 0.8) * height))
        stencil = np.zeros((height, width), np.uint8)
        cv2.circle(stencil, center, int(rng.uniform(0.05, 0.25) * height), 255, -1, cv2.LINE_AA)
        _paint(picture, stencil, random_color(rng))
    if family in ("bottle", "thermos"):
        picture[: int(rng.uniform(0.05, 0.2) * height)] = random_color(rng)  # the cap
    if family == "can":
        rim = int(0.05 * height)
        picture[:rim] = picture[-rim:] = rng.uniform(0.5, 0.8)
    picture += 0.06 * (smooth_noise(rng, height, width, 20) - 0.5)[..., None]
    return to_image(picture)
