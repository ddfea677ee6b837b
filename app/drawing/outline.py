"""A tree as text: a line a node, its children indented below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.base.output import printable
from trees.data.preorder import ends

if TYPE_CHECKING:
    from trees import NodeView


def outline(nodes: Sequence[NodeView]) -> str:
    """The nodes of a tree in pre-order as lines with branches."""
    last = ends([node.depth for node in nodes])
    lines: list[str] = []
    closed: list[bool] = []  # by depth: whether no sibling follows, so that no line runs down there
    for index, node in enumerate(nodes):
        follows = last[index] < len(nodes) and nodes[last[index]].depth == node.depth
        del closed[node.depth :]
        closed.append(not follows)
        stem = "".join("   " if end else "│  " for end in closed[1:-1])
        branch = "" if node.depth == 0 else "└─ " if closed[-1] else "├─ "
        lines.append(f"{stem}{branch}{_label(node)}")
    return "\n".join(lines) + "\n"


def _label(node: NodeView) -> str:
    tag = "" if node.tag == node.name else f" ({printable(node.tag)})"
    ports = "  ".join(printable(f"{name}={text}") for name, text in node.ports.items())
    return f"{printable(node.name)}{tag}{f'  {ports}' if ports else ''}"
