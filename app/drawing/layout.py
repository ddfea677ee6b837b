"""The layout of a tree's boxes: the root at the left, children to the right of their parent in the order of the file.

Leaves stand below each other. A parent is centred between its first and its last child. Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.base.output import printable
from trees.data.preorder import parents

if TYPE_CHECKING:
    from trees import NodeView

LETTER: Final = 7.4
"""Width of a character of the 12 px monospaced font: at least 7.22, that of DejaVu Sans Mono, the widest in STYLE."""
LINE: Final = 16.0
PADDING: Final = 8.0
GAP_X: Final = 36.0
GAP_Y: Final = 8.0
LONGEST: Final = 44
"""Longest line, in characters; longer ones are cut and end in …"""
MOST_PORTS: Final = 8


@dataclass(frozen=True)
class Box:
    """The box of a node. lines: its text, the name first. parent: index of its parent's box, -1 for the root."""

    left: float
    top: float
    width: float
    height: float
    lines: tuple[str, ...]
    parent: int
    node: NodeView


def boxes(nodes: Sequence[NodeView]) -> list[Box]:
    """A box for each node of a tree in pre-order; no two overlap."""
    lines = [_lines(node) for node in nodes]
    widths = [2 * PADDING + LETTER * max(len(text) for text in texts) for texts in lines]
    heights = [2 * PADDING + LINE * len(texts) for texts in lines]
    lefts = _columns([node.depth for node in nodes], widths)
    above = parents([node.depth for node in nodes])
    tops = _rows(above, heights)
    return [
        Box(lefts[node.depth], tops[index], widths[index], heights[index], lines[index], above[index], node)
        for index, node in enumerate(nodes)
    ]


def _lines(node: NodeView) -> tuple[str, ...]:
    lines = [node.name]
    if node.tag != node.name:
        lines.append(f"({node.tag})")
    ports = [f"{name} = {text}" for name, text in node.ports.items()]
    if len(ports) > MOST_PORTS:
        ports = [*ports[: MOST_PORTS - 1], f"… {len(ports) - MOST_PORTS + 1} more"]
    return tuple(_short(printable(text)) for text in [*lines, *ports])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _columns(depths: Sequence[int], widths: Sequence[float]) -> list[float]:
    """The left edge of each level."""
    widest = [0.0] * (max(depths, default=0) + 1)
    for depth, width in zip(depths, widths, strict=True):
        widest[depth] = max(widest[depth], width)
    lefts = [0.0]
    for width in widest:
        lefts.append(lefts[-1] + width + GAP_X)
    return lefts


def _rows(above: Sequence[int], heights: Sequence[float]) -> list[float]:
    """The top of each box. A branch is as high as its children together or as its parent, whichever is more."""
    children: list[list[int]] = [[] for _ in above]
    for index, parent in enumerate(above):
        if parent >= 0:
            children[parent].append(index)
    need = list(heights)
    for index in range(len(above) - 1, -1, -1):
        if children[index]:
            need[index] = max(heights[index], sum(need[child] + GAP_Y for child in children[index]) - GAP_Y)
    begin = [0.0] * len(above)
    tops = [0.0] * len(above)
    for index, below in enumerate(children):
        if below:
            inner = sum(need[child] + GAP_Y for child in below) - GAP_Y
            at = begin[index] + (need[index] - inner) / 2
            for child in below:
                begin[child] = at
                at += need[child] + GAP_Y
        tops[index] = begin[index] + (need[index] - heights[index]) / 2
    return tops
