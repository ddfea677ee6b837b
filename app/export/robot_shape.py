"""The shape of a Spot with arm as meshes, and where its links are, from the model that the simulation uses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from app.export.items import Mesh, Transform

if TYPE_CHECKING:
    Points = NDArray[np.float64]

BODY: Final = "body"
ROUND: Final = 12
"""Corners of a circle."""
_AXES: Final = {"1 0 0": 1, "0 1 0": 2, "0 0 1": 3}


@dataclass(frozen=True)
class Link:
    """A link on a hinge. origin_m: of its frame, in the parent's. axis: 1, 2 or 3, for x, y and z."""

    name: str
    parent: str
    origin_m: tuple[float, ...]
    joint: str
    axis: int

    def transform(self, angle_rad: float) -> Transform:
        """parent_from_link at an angle of its hinge."""
        quaternion = [math.cos(angle_rad / 2), 0.0, 0.0, 0.0]
        quaternion[self.axis] = math.sin(angle_rad / 2)
        return Transform(self.parent, self.name, self.origin_m, tuple(quaternion))


@cache
def spot_links() -> tuple[Link, ...]:
    """The links below the body, parents first."""
    return tuple(_links(_body()))


@cache
def spot_meshes() -> tuple[Mesh, ...]:
    """What is seen of the robot; every mesh is convex."""
    return tuple(_meshes(_body()))


def spot_transforms(angles_rad: Mapping[str, float]) -> Iterator[Transform]:
    """Where each link is whose joint is among these."""
    for link in spot_links():
        if link.joint in angles_rad and math.isfinite(angles_rad[link.joint]):
            yield link.transform(angles_rad[link.joint])


@cache
def _body() -> ET.Element:
    from simulation.robot_files.spot_model import spot_document

    body = spot_document().find(f"worldbody/body[@name='{BODY}']")
    assert body is not None
    return body


def _links(parent: ET.Element) -> Iterator[Link]:
    for child in parent.findall("body"):
        joint = child.find("joint")
        assert joint is not None
        origin = tuple(_numbers(child.get("pos", "0 0 0")))
        yield Link(
            child.attrib["name"], parent.attrib["name"], origin, joint.attrib["name"], _AXES[joint.attrib["axis"]]
        )
        yield from _links(child)


def _meshes(body: ET.Element) -> Iterator[Mesh]:
    frame = body.attrib["name"]
    for number, geom in enumerate(body.findall("geom[@group='2']")):
        vertices, triangles = _hull(_points(geom))
        rgb = tuple(_numbers(geom.attrib["rgba"])[:3])
        yield Mesh(f"{frame}_{number}", frame, vertices, triangles, rgb)
    for child in body.findall("body"):
        yield from _meshes(child)


def _points(geom: ET.Element) -> Points:
    """(N, 3) points whose hull is the shape, in the link's frame."""
    from behaviours.robots.spot.gripper_shape import PIECES

    kind, size = geom.attrib["type"], _numbers(geom.get("size", "0"))
    if kind == "mesh":
        return next(piece for piece in PIECES if piece.name == geom.attrib["mesh"]).vertices_m()
    if kind == "capsule":
        ends = np.array(_numbers(geom.attrib["fromto"])).reshape(2, 3)
        return np.concatenate([end + size[0] * _ball() for end in ends])
    place = np.array(_numbers(geom.get("pos", "0 0 0")))
    if kind == "sphere":
        return np.asarray(place + size[0] * _ball())
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    if kind == "box":
        return np.asarray(place + corners * size)
    ring = np.array([[*turn, z] for turn in _circle() for z in (-1, 1)])
    return np.asarray(place + ring * [size[0], size[0], size[1]])  # a cylinder along z


def _circle() -> list[tuple[float, float]]:
    return [(math.cos(2 * math.pi * i / ROUND), math.sin(2 * math.pi * i / ROUND)) for i in range(ROUND)]


def _ball() -> Points:
    rings = [(math.cos(turn), math.sin(turn)) for turn in np.linspace(-math.pi / 2, math.pi / 2, ROUND // 2 + 1)]
    points = [[x * wide, y * wide, z] for wide, z in rings for x, y in _circle()]
    return np.unique(np.round(points, 9), axis=0)


def _hull(points: Points) -> tuple[Points, NDArray[np.int64]]:
    """The corners of the points' hull, and its triangles, counter-clockwise seen from outside."""
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    corners = points[hull.simplices]
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inwards = np.einsum("ij,ij->i", sides, hull.equations[:, :3]) < 0
    triangles = hull.simplices.astype(np.int64)
    triangles[inwards] = triangles[inwards][:, ::-1]
    used, numbered = np.unique(triangles, return_inverse=True)
    return points[used], numbered.reshape(triangles.shape)


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]
