"""The gripper's collision shape: ten convex pieces, each the hull of a few cross-sections in millimetres.

The jaws are hooked, tapered and toothed; boxes around them would fill the space of a held object. The cross-sections
are polygons in planes of constant x. `wr1` holds the palm and the fixed lower jaw, `fngr` the moving jaw in its hinge's
frame. In both x is forward and z up; the moving jaw opens upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

HINGE_IN_WRIST_M = (0.11745, 0.0, 0.01482)
"""Origin of the moving jaw's hinge (axis y) in the wrist link, from the robot's public description."""
JAW_OPEN_RAD = -1.5708
"""Angle of the moving jaw's joint when it is fully open, about its hinge's y axis; 0 is closed."""

Section = tuple[float, tuple[tuple[float, float], ...]]


class Part(Protocol):
    """A convex part of a gripper: its name, its link ("wr1" or "fngr") and its shape in the link's frame."""

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


def _ring(x: float, *half: tuple[float, float]) -> Section:
    """A cross-section symmetric in y, from its points with y >= 0."""
    return x, (*half, *((-y, z) for y, z in half if y > 0))


def _mirrored(name: str, sections: tuple[Section, ...]) -> tuple[Piece, Piece]:
    right = tuple((x, tuple((-y, z) for y, z in ring)) for x, ring in sections)
    return Piece(f"left_{name}", "fngr", sections), Piece(f"right_{name}", "fngr", right)


UNDERSIDE = ((0, -60), (21, -57.8), (35.5, -53.5), (40.5, -49))
"""Lower edge of the palm's and the fixed jaw's cross-section."""

PIECES: tuple[Piece, ...] = (
    Piece(
        "palm",
        "wr1",
        (
            _ring(
                56,
                (0, -37),
                (15, -34),
                (26.5, -26),
                (35, -13),
                (37, 0),
                (35, 12),
                (33, 18),
                (27.5, 25.5),
                (15, 34),
                (0, 37),
            ),
            _ring(78, (0, -53.5), (15.5, -51), (29, -44), (37, -36), (40.5, -23), (39, 17.5), (25.5, 33.5), (0, 38)),
            _ring(57, (7, -37), (37.5, 6), (7, 37)),
            _ring(61, (7, 37.5)),
            _ring(88, (11, -59.2), (17.8, -57.6)),
            _ring(90, (0, -60), (23.5, -56), (34.5, -49), (41.5, -40.5), (39, 26), (32, 32.5), (0, 38)),
            _ring(97, (0, -60.5), (23.5, -57.7), (36, -53.3), (40.8, -48.4), (39.7, 30), (0, 38.2)),
            _ring(102, (39.5, 31.5)),
            _ring(139, (0, -60.4), (24, -57.5), (35.4, -53.7), (41.5, -47), (39.9, 32.4), (0, 38.4)),
            _ring(142, *UNDERSIDE, (41, -46), (39, 15), (35.5, 33)),
            _ring(144, *UNDERSIDE, (41, -41), (39.5, -9), (37, 2), (34, 4.5)),
            _ring(146, *UNDERSIDE, (40.5, -39.5)),
        ),
    ),
    Piece(
        "jaw_root",
        "wr1",
        (
            _ring(146.1, *UNDERSIDE, (38.7, -51.7), (40.4, -40.2)),
            _ring(150, *UNDERSIDE[:3], (39.3, -50.9), (39.2, -38.6), (36, -36)),
            _ring(151.5, (38, -36.2)),
            _ring(155, (0, -59.8), (22, -57.6), (37.5, -52.5), (38, -40), (36.5, -36)),
            _ring(160, (35.5, -53.5)),
            _ring(177, (8, -59.4), (25.4, -56.8), (27.4, -40), (25.8, -36.1)),
            _ring(202, (12, -59.2), (14, -58), (14.5, -40.2), (13, -36.4), (11.6, -35.8)),
        ),
    ),
    Piece(
        "jaw_front",
        "wr1",
        (
            _ring(202.2, (12, -59.2), (14, -58), (14.5, -40.2), (13, -36.4), (11.6, -35.8)),
            _ring(219, (11.6, -35.75)),
            _ring(223.5, (13.2, -38.8), (11.8, -36.3)),
            _ring(225.5, (11, -59.3), (12.5, -58)),
            _ring(228, (8.7, -59.5), (11.3, -57.5), (9.7, -36.9)),
            _ring(229.3, (8, -59)),
            _ring(232, (9.5, -50.5), (12.8, -40.1)),
            _ring(235.6, (9.6, -39.3)),
        ),
    ),
    Piece(
        "jaw_tooth",
        "wr1",
        (
            _ring(218.6, (11.6, -35.8)),
            _ring(224, (11.8, -33.2), (11.8, -36.3)),
            _ring(224.9, (10.9, -32.2)),
            _ring(227.2, (11.2, -36.8)),
            _ring(228.2, (9.2, -36.9)),
        ),
    ),
    *_mirrored(
        "cheek",
        (
            (-16, ((42, -7), (45, -8.5), (46.5, 0), (45, 4), (42, 4))),
            (-9, ((45, 14), (42, 14))),
            (-13, ((42, -11.5), (46.5, -11), (47, 8), (45.5, 10), (42, 10))),
            (-3, ((42, -17), (39, -2), (39.5, 3), (42, 16), (46.3, 15.5), (48, 4), (48, -6), (46.5, -15.5))),
            (10, ((42, -24), (39.5, -8), (39.5, 5.5), (41.5, 16), (45, 16.5), (47, 15.5), (48, 6.5), (46.5, -23.5))),
            (17, ((42, -27.5), (46, -27))),
            (24, ((42, -28), (46.5, -27.5), (47.3, -16), (47.3, 12), (46.8, 15), (45, 16.3), (41, 15.5))),
            (33, ((42, -28), (45.5, -28), (47, -26), (47, 9), (46, 14.5), (44.5, 15.5), (40.5, 15))),
        ),
    ),
    *_mirrored(
        "finger",
        (
            (32, ((42, -28), (45, -28), (47, -26), (47, 10), (46, 15), (44, 15.5), (40.5, 15))),
            (36, ((36, -31.7), (36.7, 11.7))),
            (40, ((34.5, -33), (43, -31), (47, -26), (47, 0.5), (43, 14), (36, 12), (33, 8.5), (31.5, -31))),
            (50, ((41, 10), (43, 6))),
            (55, ((31, -38.3), (40, -35), (47, -26), (44, -4), (40.5, 5), (37.5, 8), (20, -2), (17.4, -34.2))),
            (66, ((32.8, -41), (45.2, -25), (42, -11), (39, -5))),
            (74, ((0, -37), (0.6, -20))),
            (78, ((25, -46.2), (36, -41), (41, -31.5), (37, -16), (29, -4.5), (0, -21), (0, -38.5))),
            (114, ((16.5, -58.7), (24, -54.5), (28.6, -49.4), (24.7, -35.7), (16.8, -23.3), (0, -32), (0, -49))),
            (118, ((0, -50.8), (16, -55.5), (22.5, -55.9), (26.5, -50), (15.5, -25.5), (0, -34))),
            (120, ((0, -49.5), (25, -48.5))),
            (121, ((0, -46.8), (22, -46.8), (23.5, -44), (15, -27.5), (0, -35))),
            (122.7, ((0, -39.3), (20, -39.8), (19, -35.8), (13.3, -28.6), (0.5, -37.6))),
            (125, ((14, -33), (15, -33))),
        ),
    ),
    *_mirrored(
        "tooth",
        (
            (90.7, ((25.4, -45.8), (25.7, -45.8))),
            (93.5, ((24.8, -49.5), (31.3, -43.1), (23.7, -47.6))),
            (97, ((24.7, -53.5), (31.1, -47.9))),
            (101, ((23, -55.5), (30.3, -51.1), (28.5, -47), (21, -52))),
            (110, ((19, -60.2), (19.8, -60.4))),
            (111, ((20, -60.5), (26.9, -56.6), (25, -52.5), (17.2, -57.1))),
            (114.5, ((16.5, -59), (22.5, -59), (25.2, -57.4), (23.8, -54.1))),
            (117.7, ((22.2, -56.2), (22.7, -56.1))),
        ),
    ),
)
