"""A tree as an SVG picture; every text of the tree is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from app.base.output import printable
from app.drawing.layout import LINE, PADDING, Box, boxes
from app.drawing.page import cell

if TYPE_CHECKING:
    from trees import NodeView

MARGIN: Final = 12.0


@dataclass(frozen=True)
class Mark:
    """What is shown of a node beside what it is. fill, border: colours of its box. words: in its title."""

    fill: str
    border: str
    words: str


Marks = Mapping[int, Mark]
"""By the uid of the node."""
NO_MARKS: Final[Marks] = {}
COLOURS: Final = {
    "Action": ("#e3f0ff", "#2f6fb0"),
    "Condition": ("#fff3d6", "#b07f1c"),
    "Control": ("#ececf2", "#5c5c75"),
    "Decorator": ("#f3e6f7", "#86479c"),
    "SubTree": ("#e2f4e4", "#3b8246"),
}
"""Fill and border by kind."""
CHANGED: Final = {
    "added": ("#dff3df", "#3b8246"),
    "removed": ("#fbdcdc", "#b03030"),
    "changed": ("#fff0c9", "#b07f1c"),
}
"""Fill and border of nodes of a `Difference`."""
OTHER: Final = ("#ffffff", "#555555")
STYLE: Final = (
    "text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c1c24;white-space:pre}"
    ".name{font-weight:bold}.more{fill:#4a4a5a}.edge{fill:none;stroke:#8a8a99;stroke-width:1.3}"
)


def svg(nodes: Sequence[NodeView], title: str, *, marks: Marks = NO_MARKS) -> str:
    """The picture. nodes: of the expanded tree, in pre-order. marks: colours in place of those of the kinds."""
    placed = boxes(nodes)
    width = max(box.left + box.width for box in placed) + 2 * MARGIN
    height = max(box.top + box.height for box in placed) + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}" role="img">',
        f"<title>{cell(title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    lines += [_edge(placed[box.parent], box) for box in placed if box.parent >= 0]
    for box in placed:
        lines += _box(box, marks.get(box.node.uid))
    return "\n".join([*lines, "</svg>", ""])


def _edge(parent: Box, box: Box) -> str:
    x1, y1 = parent.left + parent.width, parent.top + parent.height / 2
    x2, y2 = box.left, box.top + box.height / 2
    bend = (x1 + x2) / 2
    return f'<path class="edge" d="M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"/>'


def _box(box: Box, mark: Mark | None) -> list[str]:
    fill, border = COLOURS.get(box.node.kind, OTHER) if mark is None else (mark.fill, mark.border)
    words = "" if mark is None else f"\n{cell(mark.words)}"
    ports = "".join(f"\n{name} = {text}" for name, text in box.node.ports.items())
    lines = [
        "<g>",
        f"<title>{escape(f'{printable(box.node.path)} ({printable(box.node.tag)})')}{cell(ports)}{words}</title>",
        f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
        f'fill="{fill}" stroke="{border}"/>',
    ]
    for number, text in enumerate(box.lines):
        y = box.top + PADDING + LINE * (number + 0.75)
        style = "name" if number == 0 else "more"
        lines.append(f'<text class="{style}" x="{box.left + PADDING:.1f}" y="{y:.1f}">{cell(text)}</text>')
    return [*lines, "</g>"]
