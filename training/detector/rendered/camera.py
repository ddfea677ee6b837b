"""A random camera: exposure, colour cast, vignette, defocus, motion, noise, sharpening, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator


def _disc(radius: float) -> NDArray[np.float32]:
    half = int(np.ceil(radius))
    across = np.hypot(*np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)))
    kernel = np.clip(radius + 0.5 - across, 0, 1).astype(np.float32)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _blur(picture: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Defocus or motion, in a third of the pictures."""
    kind, scale = rng.random(), picture.shape[0] / 288
    if kind < 0.22:
        return np.asarray(cv2.filter2D(picture, -1, _disc(scale * float(np.exp(rng.uniform(-0.4, 1.0))))), np.float32)
    if kind < 0.34:
        length = max(3, int(scale * rng.uniform(3, 8)))
        line = np.zeros((length, length), np.float32)
        line[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), float(rng.uniform(0, 180)), 1.0)
        kernel = cv2.warpAffine(line, turn, (length, length))
        return np.asarray(cv2.filter2D(picture, -1, kernel / max(float(kernel.sum()), 1e-6)), np.float32)
    return picture


def _noise(picture: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Add noise, stronger in brightness than in colour, sometimes smoothed."""
    height, width = picture.shape[:2]
    strength = float(rng.uniform(0, 0.015) if rng.random() < 0.65 else rng.uniform(0.015, 0.06))
    grain = rng.normal(0, strength, (height, width, 1)) + rng.normal(0, 0.35 * strength, (height, width, 3))
    if rng.random() < 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.4, 0.9))) * 1.6
    return np.asarray(picture + grain, np.float32)


def expose(linear: NDArray[np.float32], rng: Rng) -> NDArray[np.uint8]:
    """The (h, w, 3) picture that a random camera makes of (h, w, 3) linear light, 0 to about 2."""
    picture = np.asarray(linear, np.float32)
    height, width = picture.shape[:2]
    middle = float(np.clip(np.mean(picture), 0.02, None))
    picture = picture * (rng.uniform(0.22, 0.62) / middle) ** rng.uniform(0.3, 1.0)
    picture = picture * (1 + rng.normal(0, 0.06, 3).astype(np.float32))
    if rng.random() < 0.5:
        across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        picture = picture * (1 - rng.uniform(0, 0.4) * (across**2 + down**2) / 2)[..., None].astype(np.float32)
    picture = _blur(np.clip(picture, 0, 3).astype(np.float32), rng)
    picture = np.clip(picture, 0, 1) ** np.float32(rng.uniform(0.55, 1.3))
    picture = _noise(np.asarray(picture, np.float32), rng)
    if rng.random() < 0.4:  # too much sharpening, as in small cameras
        soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.7, 2.0)))
        picture = picture + float(rng.uniform(0.3, 1.8)) * (picture - soft)
    if rng.random() < 0.5:  # change of saturation
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + float(rng.uniform(0.0, 1.3)) * (picture - grey)
    image = np.clip(picture * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        tone = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
        tone[..., 0] = cv2.createCLAHE(float(rng.uniform(1, 4)), (4, 4)).apply(np.ascontiguousarray(tone[..., 0]))
        image = cv2.cvtColor(tone, cv2.COLOR_LAB2RGB).astype(np.uint8)
    if rng.random() < 0.5:
        _, jpeg = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 92))])
        image = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    return np.ascontiguousarray(image)
