"""The compiled part of training.detector.furnished.shade: the colour of every pixel that shows a triangle."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

BIAS_M = 0.006
SOFT_PX = 1.5
"""Reach of the first sun's shadow samples, in pixels of its map; the second's are SOFTER times as far apart."""
SOFTER = 8.0
SAMPLES = 4
REFRACTION_PX = 14.0
jit = numba.njit(cache=True, fastmath=True, error_model="numpy", nogil=True)


@jit
def _texel(textures: Any, layer: int, u: float, v: float, color: Any) -> None:
    size = textures.shape[1]
    x = (u - np.floor(u)) * size - 0.5
    y = (1.0 - (v - np.floor(v))) * size - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    a, b, c, d = x0 % size, (x0 + 1) % size, y0 % size, (y0 + 1) % size
    for k in range(3):
        top = (1 - fx) * textures[layer, c, a, k] + fx * textures[layer, c, b, k]
        low = (1 - fx) * textures[layer, d, a, k] + fx * textures[layer, d, b, k]
        color[k] = ((1 - fy) * top + fy * low) / 255.0


@jit
def _sky(x: float, y: float, z: float, sky: Any, color: Any) -> None:
    row = int(np.arccos(min(max(z, -1.0), 1.0)) / np.pi * (sky.shape[0] - 1))
    column = int((np.arctan2(y, x) / (2 * np.pi) + 0.5) * (sky.shape[1] - 1))
    for k in range(3):
        color[k] = sky[row, column, k]


@jit
def _lit(
    p: Any, depth: Any, rotation: Any, place: Any, scale: float, away: float, soft: float, jitter: Any, n: int
) -> float:
    """Share of the light that reaches a point, by samples of the shadow map around it."""
    size = depth.shape[0]
    q = np.empty(3)
    for i in range(3):
        q[i] = 0.0
        for j in range(3):
            q[i] += rotation[j, i] * (p[j] - place[j])
    u, v = q[0] / q[2] * away * scale + size / 2, q[1] / q[2] * away * scale + size / 2
    count = 0
    for s in range(SAMPLES):
        k = (n * 7 + s * 11) % jitter.shape[0]
        a, b = int(u + soft * (2 * jitter[k, 0] - 1)), int(v + soft * (2 * jitter[k, 1] - 1))
        if a < 0 or b < 0 or a >= size or b >= size or depth[b, a] > q[2] - BIAS_M:
            count += 1
    return count / SAMPLES


@jit
def shade(
    rgb: Any, triangle: Any, share: Any, corners: Any, normals: Any, uv: Any, material: Any, materials: Any,
    textures: Any, camera: Any, eye: Any, focal: float, ambient: float, suns: Any, sky: Any, shadow: Any,
    shadow_rotation: Any, shadow_place: Any, shadow_scale: float, away: float, jitter: Any, opaque: bool,
) -> None:  # fmt: skip
    """Fill `rgb`: where a triangle shows, its colour; elsewhere, in the opaque pass, the sky. See `shade.draw`."""
    height, width = triangle.shape
    behind = rgb.copy()
    color, seen, p, n, d, ray = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5 - width / 2, row + 0.5 - height / 2
            length = np.sqrt(x * x + y * y + focal * focal)
            for i in range(3):
                d[i] = (camera[i, 0] * x + camera[i, 1] * y + camera[i, 2] * focal) / length
            t = triangle[row, column]
            if t < 0:
                if opaque:
                    _sky(d[0], d[1], d[2], sky, color)
                    for c in range(3):
                        rgb[row, column, c] = color[c]
                continue
            u, v, total = 0.0, 0.0, 0.0
            for i in range(3):
                n[i] = p[i] = 0.0
            for k in range(3):
                s = share[row, column, k]
                u += s * uv[t, k, 0]
                v += s * uv[t, k, 1]
                for i in range(3):
                    n[i] += s * normals[t, k, i]
                    p[i] += s * corners[t, k, i]
            for i in range(3):
                total += n[i] * n[i]
            total = max(np.sqrt(total), 1e-9)
            facing = 0.0
            for i in range(3):
                n[i] /= total
                facing -= n[i] * d[i]
            if facing < 0:
                facing = -facing
                for i in range(3):
                    n[i] = -n[i]
            m = material[t]
            kind, rough, layer = int(materials[m, 0]), materials[m, 1], int(materials[m, 5])
            if kind > 1 and materials[m, 6] <= v < materials[m, 7]:
                kind = 1
            for c in range(3):
                color[c] = 1.0
            if layer >= 0:
                _texel(textures, layer, u, v, color)
            for c in range(3):
                color[c] *= materials[m, 2 + c]
            for i in range(3):
                ray[i] = d[i] + 2 * facing * n[i]
            spot = 0.0
            light0 = light1 = light2 = ambient * (0.7 + 0.3 * n[2])
            for k in range(suns.shape[0]):
                cosine = n[0] * suns[k, 0] + n[1] * suns[k, 1] + n[2] * suns[k, 2]
                if k == 1:
                    cosine = 0.5 + 0.5 * cosine
                if cosine <= 0:
                    continue
                soft = SOFT_PX if k == 0 else SOFT_PX * SOFTER
                for i in range(3):
                    seen[i] = p[i] + 0.004 * n[i]
                lit = _lit(seen, shadow[k], shadow_rotation[k], shadow_place[k], shadow_scale, away, soft, jitter,
                           row * 31 + column * 17)  # fmt: skip
                light0 += lit * cosine * suns[k, 3]
                light1 += lit * cosine * suns[k, 4]
                light2 += lit * cosine * suns[k, 5]
                shine = ray[0] * suns[k, 0] + ray[1] * suns[k, 1] + ray[2] * suns[k, 2]
                if k == 0 and kind >= 1 and shine > 0:
                    spot += lit * shine ** (4.0 / (rough * rough + 0.004)) * (1.2 - rough)
            grazing = (1 - min(facing, 1.0)) ** 5
            for i in range(3):
                j = (row * 13 + column * 7 + i * 5) % jitter.shape[0]
                ray[i] += rough * (2 * jitter[j, 0] - 1)
            scale = max(np.sqrt(ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2), 1e-9)
            _sky(ray[0] / scale, ray[1] / scale, ray[2] / scale, sky, seen)
            bright = (light0, light1, light2)
            if kind == 2:
                occluded = min(1.0, 0.35 + 0.65 * light1 / (ambient + 0.5))
                for c in range(3):
                    rgb[row, column, c] = occluded * seen[c] * (color[c] + (1 - color[c]) * grazing) + spot
            elif kind == 3:
                a = n[0] * camera[0, 0] + n[1] * camera[1, 0] + n[2] * camera[2, 0]
                b = n[0] * camera[0, 1] + n[1] * camera[1, 1] + n[2] * camera[2, 1]
                q = min(max(column - int(REFRACTION_PX * a), 0), width - 1)
                r = min(max(row - int(REFRACTION_PX * b), 0), height - 1)
                for c in range(3):
                    through = behind[r, q, c] * (0.3 + 0.7 * color[c]) * (0.5 + 0.5 * facing)
                    rgb[row, column, c] = (
                        0.85 * through + 0.12 * color[c] * bright[c] + seen[c] * (0.05 + 0.6 * grazing) + spot
                    )
            else:
                for c in range(3):
                    rgb[row, column, c] = color[c] * bright[c]
                    if kind == 1:
                        rgb[row, column, c] += seen[c] * (0.04 + 0.5 * grazing) + 0.6 * spot
