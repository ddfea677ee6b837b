"""The compiled part of training.detector.rendered.raycast: intersections of rays with solids, and their colours.

The file is longer than others because numba's cache does not notice a change in another file: all compiled functions
stand together.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

FAR_M = 1e9
NEAR_M = 1e-4
AMBIENT_REACH_M = 0.15
jit = numba.njit(cache=True, fastmath=True, error_model="numpy", nogil=True)


@jit
def _random(state: Any) -> float:
    """Uniform 0..1 from an xorshift state (1,) uint64."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return float(x >> np.uint64(11)) / 9007199254740992.0


@jit
def _box(o: Any, d: Any, half: Any, best: float, out: Any) -> float:
    """Nearest distance along the local ray to a box, or `best`; out: normal (3), u, v, face size (2)."""
    enter, leave, axis, sign = -FAR_M, FAR_M, 0, 1.0
    for i in range(3):
        if abs(d[i]) < 1e-12:
            if abs(o[i]) > half[i]:
                return best
            continue
        a, b = (-half[i] - o[i]) / d[i], (half[i] - o[i]) / d[i]
        low, high = min(a, b), max(a, b)
        if low > enter:
            enter, axis, sign = low, i, -1.0 if d[i] > 0 else 1.0
        leave = min(leave, high)
    if enter > leave or enter < NEAR_M or enter >= best:
        return best
    for i in range(3):
        out[i] = 0.0
    out[axis] = sign
    j, k = (axis + 1) % 3, (axis + 2) % 3
    out[3], out[4] = o[j] + enter * d[j] + half[j], o[k] + enter * d[k] + half[k]
    out[5], out[6] = 2 * half[j], 2 * half[k]
    return enter


@jit
def _revolution(o: Any, d: Any, strips: Any, first: int, last: int, best: float, out: Any) -> float:
    """Nearest distance along the local ray to the strips, or `best`; out: normal (3), u around, v along 0..1."""
    top = max(strips[first, 1], strips[last - 1, 3])
    for s in range(first, last):
        top = max(top, strips[s, 3])
    nearest, share, chosen = best, 0.0, -1
    for s in range(first, last):
        r0, z0, r1, z1 = strips[s, 0], strips[s, 1], strips[s, 2], strips[s, 3]
        if abs(z1 - z0) < 1e-7:
            if abs(d[2]) < 1e-12:
                continue
            t = (z0 - o[2]) / d[2]
            if t < NEAR_M or t >= nearest:
                continue
            r = np.sqrt((o[0] + t * d[0]) ** 2 + (o[1] + t * d[1]) ** 2)
            if min(r0, r1) <= r <= max(r0, r1):
                nearest, chosen, share = t, s, (r - r0) / (r1 - r0) if r1 != r0 else 0.0
            continue
        slope = (r1 - r0) / (z1 - z0)
        radius = r0 + slope * (o[2] - z0)
        a = d[0] * d[0] + d[1] * d[1] - slope * slope * d[2] * d[2]
        b = o[0] * d[0] + o[1] * d[1] - radius * slope * d[2]
        c = o[0] * o[0] + o[1] * o[1] - radius * radius
        under = b * b - a * c
        if under < 0 or abs(a) < 1e-14:
            continue
        root = np.sqrt(under)
        low, high = min(z0, z1), max(z0, z1)
        for sign in (-1.0, 1.0):
            t = (-b + sign * root) / a
            if t < NEAR_M or t >= nearest:
                continue
            z = o[2] + t * d[2]
            if low <= z <= high and radius + slope * t * d[2] >= 0:
                nearest, chosen, share = t, s, (z - z0) / (z1 - z0)
    if chosen < 0:
        return best
    x, y, z = o[0] + nearest * d[0], o[1] + nearest * d[1], o[2] + nearest * d[2]
    r = max(np.sqrt(x * x + y * y), 1e-9)
    radial = strips[chosen, 4] * (1 - share) + strips[chosen, 6] * share
    axial = strips[chosen, 5] * (1 - share) + strips[chosen, 7] * share
    length = max(np.sqrt(radial * radial + axial * axial), 1e-9)
    out[0], out[1], out[2] = radial / length * x / r, radial / length * y / r, axial / length
    out[3], out[4] = np.arctan2(y, x) / (2 * np.pi) + 0.5, z / max(top, 1e-9)
    out[5], out[6] = 1.0, 1.0
    return nearest


@jit
def _hit(
    o: Any, d: Any, limit: float, skip: int, scene: Any, out: Any, work: Any, shadow: bool = False
) -> tuple[int, float]:
    """(solid, distance) of the nearest hit nearer than `limit`, (-1, limit) for none; out: normal in the world, u, v.

    skip: a solid to ignore, or -1. shadow: return any hit, without filling `out`.
    """
    kind, rotation, position, sphere, half, first, strips = scene
    best, solid = limit, -1
    local_o, local_d, hit = work[0], work[1], work[2]
    for s in range(len(kind)):
        if s == skip:
            continue
        cx, cy, cz = sphere[s, 0] - o[0], sphere[s, 1] - o[1], sphere[s, 2] - o[2]
        along = cx * d[0] + cy * d[1] + cz * d[2]
        away = cx * cx + cy * cy + cz * cz
        if away - along * along > sphere[s, 3] ** 2 or (along < 0 and away > sphere[s, 3] ** 2):
            continue
        if along - sphere[s, 3] > best:
            continue
        for i in range(3):
            local_o[i] = local_d[i] = 0.0
            for j in range(3):
                local_o[i] += rotation[s, j, i] * (o[j] - position[s, j])
                local_d[i] += rotation[s, j, i] * d[j]
        if kind[s] == 0:
            t = _box(local_o, local_d, half[s], best, hit)
        else:
            t = _revolution(local_o, local_d, strips, first[s], first[s + 1], best, hit)
        if t < best:
            best, solid = t, s
            if shadow:
                return solid, best
            for i in range(3):
                out[i] = rotation[s, i, 0] * hit[0] + rotation[s, i, 1] * hit[1] + rotation[s, i, 2] * hit[2]
            for i in range(3, 7):
                out[i] = hit[i]
    if solid >= 0 and out[0] * d[0] + out[1] * d[1] + out[2] * d[2] > 0:
        for i in range(3):
            out[i] = -out[i]
    return solid, best


@jit
def _albedo(solid: int, hit: Any, textures: Any, tile: float, box: bool, color: Any) -> None:
    """Texture colour (bilinear, 0..1) at the hit's u, v; row 0 is v = 1."""
    size = textures.shape[1]
    u, v = hit[3], hit[4]
    if box:
        u, v = (u / tile, v / tile) if tile > 0 else (u / hit[5], v / hit[6])
    x, y = (u - np.floor(u)) * size - 0.5, (1 - (v - np.floor(v))) * size - 0.5
    y = min(max(y, 0.0), size - 1.001)
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    for c in range(3):
        upper = (1 - fx) * textures[solid, y0, x0 % size, c] + fx * textures[solid, y0, (x0 + 1) % size, c]
        lower = (1 - fx) * textures[solid, y0 + 1, x0 % size, c] + fx * textures[solid, y0 + 1, (x0 + 1) % size, c]
        color[c] = ((1 - fy) * upper + fy * lower) / 255.0


@jit
def _sky(d: Any, sky: Any, color: Any) -> None:
    row = int(np.arccos(min(max(d[2], -1.0), 1.0)) / np.pi * (sky.shape[0] - 1))
    column = int((np.arctan2(d[1], d[0]) / (2 * np.pi) + 0.5) * (sky.shape[1] - 1))
    for c in range(3):
        color[c] = sky[row, column, c]


@jit
def _second(o: Any, d: Any, skip: int, scene: Any, surface: Any, light: Any, out: Any, work: Any, color: Any) -> None:
    """Colour seen by a reflected or refracted ray: the nearest surface without shadows, or the sky."""
    solid, _ = _hit(o, d, FAR_M, skip, scene, out, work)
    if solid < 0:
        _sky(d, light[2], color)
        return
    material, textures = surface
    _albedo(solid, out, textures, material[solid, 4], scene[0][solid] == 0, color)
    ambient, suns, _ = light
    for c in range(3):
        bright = ambient
        for k in range(len(suns)):
            bright += 0.7 * suns[k, 3 + c] * max(0.0, out[0] * suns[k, 0] + out[1] * suns[k, 1] + out[2] * suns[k, 2])
        color[c] *= bright


@jit
def _scatter(d: Any, spread: float, state: Any, out: Any) -> None:
    """A unit direction about d, spread sideways."""
    total = 0.0
    for i in range(3):
        out[i] = d[i] + spread * (2 * _random(state) - 1)
        total += out[i] * out[i]
    total = np.sqrt(total)
    for i in range(3):
        out[i] /= total


@jit
def _light_at(p: Any, hit: Any, scene: Any, light: Any, state: Any, work: Any, spare: Any, color: Any) -> None:
    """Light at a surface point, per channel: ambient light, less near other surfaces, and the suns not in shadow."""
    ambient, suns, _ = light
    _scatter(hit[:3], 0.9, state, work[3])
    solid, away = _hit(p, work[3], AMBIENT_REACH_M, -1, scene, spare, work)
    near = ambient if solid < 0 else ambient * (0.25 + 0.6 * away / AMBIENT_REACH_M)
    for c in range(3):
        color[c] = near * (0.75 + 0.25 * hit[2])
    for k in range(len(suns)):
        facing = hit[0] * suns[k, 0] + hit[1] * suns[k, 1] + hit[2] * suns[k, 2]
        if facing <= 0:
            continue
        _scatter(suns[k, :3], suns[k, 6], state, work[3])
        solid, _ = _hit(p, work[3], FAR_M, -1, scene, spare, work, True)
        if solid < 0:
            for c in range(3):
                color[c] += facing * suns[k, 3 + c]


@jit
def _look(o: Any, d: Any, scene: Any, surface: Any, light: Any, state: Any, buffers: Any, color: Any) -> int:
    """Colour seen along a ray; returns the solid, -1 for the sky. buffers: (11, 7) scratch."""
    hit, spare, work, seen, arriving, p, mirrored = (
        buffers[0], buffers[1], buffers[2:6], buffers[6], buffers[7], buffers[8], buffers[9],
    )  # fmt: skip
    solid, away = _hit(o, d, FAR_M, -1, scene, hit, work)
    buffers[10, 0] = away
    if solid < 0:
        _sky(d, light[2], color)
        return solid
    material, textures = surface
    kind, rough = int(material[solid, 0]), material[solid, 1]
    _albedo(solid, hit, textures, material[solid, 4], scene[0][solid] == 0, color)
    if kind > 1 and material[solid, 2] <= hit[4] < material[solid, 3]:
        kind = 1
    facing = -(d[0] * hit[0] + d[1] * hit[1] + d[2] * hit[2])
    for i in range(3):
        p[i] = o[i] + away * d[i] + 2e-4 * hit[i]
    if kind != 2:
        _light_at(p, hit, scene, light, state, work, spare, arriving)
    if kind == 3:  # a refracted ray
        for i in range(3):
            mirrored[i] = d[i] - 0.25 * facing * hit[i]
        _second(p, mirrored, solid, scene, surface, light, spare, work, seen)
        for c in range(3):
            clear = seen[c] * (0.35 + 0.65 * color[c]) * (0.55 + 0.45 * facing)
            color[c] = 0.85 * clear + 0.15 * color[c] * arriving[c]
    elif kind != 2:
        for c in range(3):
            color[c] *= arriving[c]
    if kind >= 1:
        for i in range(3):
            work[3, i] = d[i] + 2 * facing * hit[i]
        _scatter(work[3], rough, state, mirrored)
        _second(p, mirrored, solid, scene, surface, light, spare, work, seen)
        grazing = (1 - min(max(facing, 0.0), 1.0)) ** 5
        for c in range(3):
            if kind == 2:
                color[c] = seen[c] * (color[c] + (1 - color[c]) * grazing)
            else:
                color[c] += seen[c] * (0.04 + 0.6 * grazing)
    return solid


@jit
def _aim(x: float, y: float, focal: float, camera: Any, d: Any) -> None:
    """The unit direction of a pixel's ray in the world; x and y from the middle of the picture."""
    length = np.sqrt(x * x + y * y + focal * focal)
    for i in range(3):
        d[i] = (camera[i, 0] * x + camera[i, 1] * y + camera[i, 2] * focal) / length


@jit
def render_kernel(
    height: int, width: int, focal: float, camera: Any, eye: Any, kind: Any, rotation: Any, position: Any, sphere: Any,
    half: Any, first: Any, strips: Any, material: Any, instance: Any, textures: Any, ambient: float, suns: Any,
    sky: Any, seed: int, samples: int,
) -> Any:  # fmt: skip
    """Picture, instances and depth; see training.detector.rendered.raycast.render."""
    rgb = np.zeros((height, width, 3), np.float32)
    instances = np.zeros((height, width), np.uint8)
    depth = np.full((height, width), np.inf, np.float32)
    scene = (kind, rotation, position, sphere, half, first, strips)
    surface, light = (material, textures), (ambient, suns, sky)
    buffers, color, d = np.zeros((11, 7)), np.zeros(3), np.zeros(3)
    state = np.zeros(1, np.uint64)
    state[0] = np.uint64(seed * 2654435761 + 88172645463325252)
    seen = np.full((height, width), -1, np.int64)
    for row in range(height):
        for column in range(width):
            _aim(column + 0.5 - width / 2, row + 0.5 - height / 2, focal, camera, d)
            solid = _look(eye, d, scene, surface, light, state, buffers, color)
            rgb[row, column] = color
            seen[row, column] = solid
            if solid >= 0:
                instances[row, column] = instance[solid]
                depth[row, column] = buffers[10, 0]
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            middle = seen[row, column]
            if (
                seen[row - 1, column] == middle == seen[row + 1, column]
                and seen[row, column - 1] == middle == seen[row, column + 1]
            ):
                continue
            for _ in range(samples - 1):
                _aim(column + _random(state) - width / 2, row + _random(state) - height / 2, focal, camera, d)
                _look(eye, d, scene, surface, light, state, buffers, color)
                for c in range(3):
                    rgb[row, column, c] += color[c]
            for c in range(3):
                rgb[row, column, c] /= samples
    return rgb, instances, depth
