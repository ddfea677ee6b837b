"""A tree as text: a line a node, its children indented below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from app.base.output import printable
from app.drawing.tree_view import NO_NOTES, Note, Notes
from trees.data.preorder import ends

if TYPE_CHECKING:
    from trees import NodeView


MARKS: Final = {"added": "+ ", "removed": "- ", "changed": "~ "}


def outline(nodes: Sequence[NodeView], notes: Notes = NO_NOTES) -> str:
    """The nodes of a tree in pre-order as lines with branches. notes: of a `Difference`; each line then begins with +,
    -, ~ or a space."""
    last = ends([node.depth for node in nodes])
    lines: list[str] = []
    closed: list[bool] = []  # by depth: whether no sibling follows, so that no line runs down there
    for index, node in enumerate(nodes):
        follows = last[index] < len(nodes) and nodes[last[index]].depth == node.depth
        del closed[node.depth :]
        closed.append(not follows)
        stem = "".join("   " if end else "│  " for end in closed[1:-1])
        branch = "" if node.depth == 0 else "└─ " if closed[-1] else "├─ "
        note = notes.get(index, Note())
        mark = MARKS.get(note.status, "  ") if notes else ""
        words = f"  [{printable(note.words)}]" if note.status == "changed" else ""
        lines.append(f"{mark}{stem}{branch}{_label(node)}{words}")
    return "\n".join(lines) + "\n"


def _label(node: NodeView) -> str:
    tag = "" if node.tag == node.name else f" ({printable(node.tag)})"
    ports = "  ".join(printable(f"{name}={text}") for name, text in node.ports.items())
    return f"{printable(node.name)}{tag}{f'  {ports}' if ports else ''}"
