"""The gripper's collision shape: ten convex pieces, each the hull of a few cross-sections written in millimetres.

Boxes around the jaws do not do: the real jaws are hooked, tapered and toothed, and boxes fill the room an object is
held in. Each piece is lofted through polygons in planes of constant x. `wr1` carries the palm and the fixed lower jaw,
`fngr` the moving jaw in its hinge's frame; both with x forward and z up, the moving jaw opening upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

HINGE_IN_WRIST_M = (0.11745, 0.0, 0.01482)
"""Origin of the moving jaw's hinge (axis y) in the wrist link: a fact of the robot's public description."""

Section = tuple[float, tuple[tuple[float, float], ...]]


class Part(Protocol):
    """A convex part of a gripper: its name, the link it belongs to ("wr1" or "fngr") and its shape in that frame."""

    @property
    def name(self) -> str: ...

    @property
    def link(self) -> str: ...

    def mesh(self) -> Any:
        """A convex trimesh.Trimesh, metres."""


@dataclass(frozen=True)
class Piece:
    """One convex piece. sections: (x, ((y, z), ...)) in millimetres in the frame of `link`."""

    name: str
    link: str
    sections: tuple[Section, ...]

    def vertices_m(self) -> NDArray[np.float64]:
        """(N, 3) points whose convex hull is the piece, metres."""
        points = [(x, y, z) for x, ring in self.sections for y, z in ring]
        return np.array(points, dtype=np.float64) / 1000.0

    def mesh(self) -> Any:
        """The hull as a trimesh.Trimesh."""
        import trimesh

        return trimesh.convex.convex_hull(self.vertices_m())


def _bar(x: float, half_width: float, low: float, high: float) -> Section:
    """A rectangular cross-section, symmetric in y."""
    return x, ((-half_width, low), (half_width, low), (half_width, high), (-half_width, high))


def _mirrored(name: str, sections: tuple[Section, ...]) -> tuple[Piece, Piece]:
    right = tuple((x, tuple((-y, z) for y, z in ring)) for x, ring in sections)
    return Piece(f"left_{name}", "fngr", sections), Piece(f"right_{name}", "fngr", right)


def _palm(x: float) -> Section:
    """The wrist's cross-section: an octagon with a flat keel."""
    return x, ((-26, -58), (26, -58), (41, -49), (41, -10), (39, 31), (0, 38), (-39, 31), (-41, -10), (-41, -49))


PIECES: tuple[Piece, ...] = (
    Piece(
        "palm", "wr1", (_bar(56, 36, -38, 36), _palm(88), _palm(140), _bar(143, 39, -57, 27), _bar(146, 39, -57, -50))
    ),
    Piece("jaw_root", "wr1", (_bar(146, 40.5, -60, -37), _bar(160, 36, -60, -36), _bar(203, 14.5, -59.5, -36))),
    Piece("jaw_front", "wr1", (_bar(203, 14.5, -59.5, -36), _bar(229, 13, -59.5, -36.5), _bar(235.5, 11, -45, -39))),
    Piece("jaw_tooth", "wr1", (_bar(219, 12, -37, -36), _bar(224.5, 11.5, -37, -32.3), _bar(228, 11, -37, -36.5))),
    *_mirrored(
        "cheek",
        (
            (-16, ((42, -6), (47, -6), (47, 4), (42, 4))),
            (0, ((39, -18), (48, -18), (48, 16), (39, 16))),
            (33, ((40, -28), (47, -28), (47, 15), (40, 15))),
        ),
    ),
    *_mirrored(
        "finger",
        (
            (32, ((39, -29), (46, -28), (47, 8), (44, 15.5), (39, 13.5))),
            (46, ((27, -33), (34, -35), (46.5, -27), (46, 0), (41, 12), (27, 4))),
            (75, ((0, -37.5), (26, -45), (40.5, -35), (42.5, -29), (33.5, -5.5), (30, -2.5), (0, -20))),
            (114, ((0, -49.5), (15.5, -58.5), (28, -51.5), (21, -24), (17, -22), (0, -31.5))),
            (121, ((0, -51), (12, -51.5), (21, -50), (20, -38), (14, -27), (0, -34))),
            (125, ((10, -36), (15, -36), (15, -31), (10, -31))),
        ),
    ),
    *_mirrored(
        "tooth",
        (
            (91, ((24, -47), (28, -45), (24, -45))),
            (99, ((23, -54), (31, -50), (22, -48))),
            (103, ((21, -56.5), (30, -49), (20, -50))),
            (111, ((17.5, -60.5), (25, -53), (17, -53))),
            (117, ((17, -58.5), (21, -57), (17, -54))),
        ),
    ),
)
