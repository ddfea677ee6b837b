"""Draws what the judge of grasps is shown, for docs/grasping.md: `python docs/judge.py` writes docs/judge.svg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from behaviours.robots.spot.model import SPOT
from perception.grasping.judge_input import CELL_M, SECTION_M, X_M, Y_M, Z_M
from perception.quality.judge import CELLS

Array = NDArray[np.float64]
CELL_PX, EDGE_PX, TITLE_PX = 13, 20, 46
SIDE_PX = CELL_PX * CELLS
WIDE, HIGH = SIDE_PX + 2 * EDGE_PX, SIDE_PX + TITLE_PX + EDGE_PX
STYLE = (
    "text{font:13px sans-serif;fill:#222}.hand{fill:#55708a;fill-opacity:.35;stroke:#20303f;stroke-width:.5}"
    ".own{fill:#e9b44c}.other{fill:#c9837b}.cells{stroke:#ddd;stroke-width:.5;fill:none}.edge{stroke:#777;fill:none}"
    ".slice{fill:#3a7d44;fill-opacity:.15}"
)
OPENED_RAD = float(np.radians(40.0))
OWN_M, OTHER_M = ((-0.005, 0.04), (-0.045, 0.035), (-0.029, 0.012)), ((0.005, 0.06), (-0.03, 0.03), (0.07, 0.09))
"""A bar between the jaws and a box beside it: from and to along x, y and z, hand frame."""


def panel(title: str, down: int, low_m: float) -> list[str]:
    """The hand frame along its axis `down`, from low_m on, and z to the right."""

    def place(points: Array) -> Array:
        across, along = points[:, 2] - Z_M, points[:, down] - low_m
        return np.stack([across, along], axis=1) / CELL_M * CELL_PX

    shapes = []
    for kind, box in (("own", OWN_M), ("other", OTHER_M)):
        for row in range(CELLS):
            for column in range(CELLS):
                middle = low_m + CELL_M * (row + 0.5), Z_M + CELL_M * (column + 0.5)
                if all(low <= value < high for value, (low, high) in zip(middle, (box[down], box[2]), strict=True)):
                    where = f'x="{column * CELL_PX}" y="{row * CELL_PX}" width="{CELL_PX}" height="{CELL_PX}"'
                    shapes.append(f'<rect class="{kind}" {where}/>')
    steps = "".join(f"M{CELL_PX * i} 0V{SIDE_PX}M0 {CELL_PX * i}H{SIDE_PX}" for i in range(CELLS + 1))
    shapes.append(f'<path class="cells" d="{steps}"/>')
    if down == 1:
        top, tall = (value / CELL_M * CELL_PX for value in (-SECTION_M - low_m, 2 * SECTION_M))
        shapes.append(f'<rect class="slice" x="0" y="{top:.0f}" width="{SIDE_PX}" height="{tall:.0f}"/>')
    hulls = SPOT.gripper.hulls
    assert hulls is not None
    for hull in [*hulls.fixed, *hulls.jaw_at(OPENED_RAD)]:
        flat = place(np.asarray(hull))
        corners = " ".join(f"{x:.0f},{y:.0f}" for x, y in flat[ConvexHull(flat).vertices])
        shapes.append(f'<polygon class="hand" points="{corners}"/>')
    frame = f'x="{EDGE_PX}" y="{TITLE_PX}" width="{SIDE_PX}" height="{SIDE_PX}"'
    axes = f"z to the right, {'xyz'[down]} down; cells of {CELL_M * 1000:.0f} mm"
    return [
        f'<text x="{EDGE_PX}" y="18">{title}</text><text x="{EDGE_PX}" y="36">{axes}</text>',
        f"<svg {frame}>", *shapes, f'</svg><rect class="edge" {frame}/>',
    ]  # fmt: skip


def svg() -> str:
    panels = [panel("section, along the hand's y", 0, X_M), panel("front, out of the palm", 1, Y_M)]
    parts = [
        f'<svg x="{i * WIDE}" width="{WIDE}" height="{HIGH}">{"".join(each)}</svg>' for i, each in enumerate(panels)
    ]
    size = f'viewBox="0 0 {2 * WIDE} {HIGH}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>{"".join(parts)}</svg>\n'


if __name__ == "__main__":
    Path(__file__).with_name("judge.svg").write_text(svg())
