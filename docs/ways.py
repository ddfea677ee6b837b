"""Draws the family of grasps for docs/grasping.md: `python docs/ways.py` writes docs/ways.svg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.hand.family import TOP_ROLLS_RAD, WAYS, Way, beside, hand_pose_of, rotation_of

Array = NDArray[np.float64]
SCALE, WIDE, HIGH = 1000.0, 330, 330
"""Pixels a metre, and the size of a panel."""
STYLE = (
    "text{font:13px sans-serif;fill:#222}.hand{fill:#55708a;fill-opacity:.55;stroke:#20303f;stroke-width:.5}"
    ".thing{fill:#e9b44c;stroke:#8a6414}.floor{stroke:#777;stroke-width:2}.axis{stroke:#b3261e;stroke-width:2;fill:none}"
)
HALF_M = np.array([0.03, 0.10, 0.06])
"""Of the drawn bar along x and y, and its height: 60 mm wide between the jaws, 60 mm high."""


def panel(way: Way, opened_rad: float) -> list[str]:
    """The hand where it closes about a bar: seen along its y axis, but the oblique way from the side."""
    point, normal = np.array([0.0, 0.0, HALF_M[2]]), (0.0, 0.0, 1.0)
    if way.approach == "side":
        point, normal = np.array([-HALF_M[0], 0.0, 0.12]), (-1.0, 0.0, 0.0)
    ahead = (0.0, 1.0, 0.0) if way.approach == "oblique" else (1.0, 0.0, 0.0)
    rotation = rotation_of(way, normal, ahead)
    pose = hand_pose_of(way, point, rotation, (-HALF_M[0], HALF_M[0]), 0.0, SPOT.gripper, SPOT_TIPS)
    assert pose is not None
    pose = beside(pose, SPOT.gripper)
    look = {"side": (0, 1), "top": (0, 2), "oblique": (1, 2)}[way.approach]
    shapes, lift = [], 0.0
    if way.approach == "side":
        shapes.append(f'<circle class="thing" cx="{WIDE / 2}" cy="{HIGH - 165}" r="{HALF_M[0] * SCALE:.0f}"/>')
        lift = 0.145
        lift = 0.145
    else:
        half = HALF_M[look[0]]
        bar = np.array([[-half, 0.0], [half, 0.0], [half, HALF_M[2]], [-half, HALF_M[2]]])
        shapes += [_polygon(bar, "thing", 0.0), f'<path class="floor" d="M0 {HIGH - 20}H{WIDE}"/>']
    hulls = SPOT.gripper.hulls
    assert hulls is not None
    for hull in [*hulls.fixed, *hulls.jaw_at(opened_rad)]:
        flat = pose.transform(hull)[:, look]
        shapes.append(_polygon(flat[ConvexHull(flat).vertices], "hand", lift))
    return shapes


def rolls() -> list[str]:
    """The jaw axes of the ways from above, seen from above, the camera's heading upwards."""
    middle = (WIDE / 2, HIGH / 2 + 20)
    shapes = [f'<text x="{middle[0] + 6}" y="{middle[1] - 118}">heading of the camera</text>']
    shapes.append(f'<path class="floor" d="M{middle[0]} {middle[1]}v-130"/>')
    for roll in TOP_ROLLS_RAD:
        x, y = 95 * np.sin(-roll), -95 * np.cos(roll)
        shapes.append(f'<path class="axis" d="M{middle[0] - x:.0f} {middle[1] - y:.0f}l{2 * x:.0f} {2 * y:.0f}"/>')
        label = f'x="{middle[0] + 1.16 * x - 8:.0f}" y="{middle[1] + 1.16 * y + 4:.0f}"'
        shapes.append(f"<text {label}>{np.degrees(roll):.0f}°</text>")
    return shapes


def _polygon(points: Array, kind: str, lift_m: float) -> str:
    across, up = points.T
    places = zip(across * SCALE + WIDE / 2, HIGH - 20 - (up + lift_m) * SCALE, strict=True)
    return f'<polygon class="{kind}" points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in places)}"/>'


def svg() -> str:
    by_name = {way.name: way for way in WAYS}
    titles = {
        "side-wrap": "side, seen from above",
        "oblique-wrap": "oblique, deep; from the side",
        "oblique-tips": "oblique, finger tips",
        "top-0-wrap": "top, deep",
        "top-0-tips": "top, finger tips",
    }
    panels = [(title, panel(by_name[name], float(np.radians(45.0)))) for name, title in titles.items()]
    panels.append(("top, four rolls; from above", rolls()))
    parts = []
    for index, (title, shapes) in enumerate(panels):
        x, y = index % 3 * WIDE, index // 3 * HIGH
        parts.append(f'<svg x="{x}" y="{y}" width="{WIDE}" height="{HIGH}"><text x="10" y="18">{title}</text>')
        parts += [*shapes, "</svg>"]
    size = f'viewBox="0 0 {3 * WIDE} {2 * HIGH}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>{"".join(parts)}</svg>\n'


if __name__ == "__main__":
    Path(__file__).with_name("ways.svg").write_text(svg())
