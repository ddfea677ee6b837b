"""A tree as HTML that folds, zooms and is searched: the same in the live page, in reports and in `show`.

It is a nested list, read without a script with all branches open. assets/tree.js folds, and assets/tree.css draws it as
an outline or as a diagram. Every text of the tree is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from app.drawing.page import cell, page
from trees.data.preorder import parents

if TYPE_CHECKING:
    from trees import NodeView

GLYPHS: Final = {
    "SUCCESS": "✓", "FAILURE": "✗", "RUNNING": "▶", "SKIPPED": "⊘", "HALTED": "■", "IDLE": "·",
    "added": "+", "removed": "−", "changed": "~",
}  # fmt: skip
Status = Literal["", "SUCCESS", "FAILURE", "RUNNING", "SKIPPED", "HALTED", "IDLE", "added", "removed", "changed"]
KINDS: Final = ("Action", "Condition", "Control", "Decorator", "SubTree")


@dataclass(frozen=True)
class Note:
    """What is shown of a node beside what it is. words: behind its name. time: before them. status: colours it, "" for
    none. hue: a colour of its own, `#rrggbb`, "" for none."""

    words: str = ""
    time: str = ""
    status: Status = ""
    hue: str = ""


Notes = Mapping[int, Note]
"""By the index of the node."""
NO_NOTES: Final[Notes] = {}


def tree_view(
    nodes: Sequence[NodeView], title: str, *, notes: Notes = NO_NOTES, diagram: bool = False, follow: bool = False
) -> str:
    """The tree with its tool bar. nodes: of the expanded tree, in pre-order. title: of the tree. diagram: draw it from
    left to right at first. follow: offer to fold what does not run."""
    look = ' class="treeview diagram"' if diagram else ' class="treeview"'
    return "\n".join([f"<div{look}>", _bar(diagram, follow), '<div class="treebox">', *_items(nodes, title, notes),
                      "</div>", "</div>", ""])  # fmt: skip


def tree_page(nodes: Sequence[NodeView], title: str, *, notes: Notes = NO_NOTES, above: str = "") -> str:
    """A page of its own with the tree, drawn from left to right. above: HTML between title and tree."""
    view = tree_view(nodes, title, notes=notes, diagram=True)
    return page(title, above + view, tree=True, whole=True)


def _bar(diagram: bool, follow: bool) -> str:
    pressed = str(diagram).lower()
    follows = '<button type="button" data-do="follow" aria-pressed="false">Follow</button>\n' if follow else ""
    return f"""<div class="treebar" role="toolbar" aria-label="Tree" hidden>
{follows}<button type="button" data-do="open">Unfold</button>
<button type="button" data-do="close">Fold</button>
<button type="button" data-do="look" aria-pressed="{pressed}">Diagram</button>
<button type="button" data-do="ports" aria-pressed="false">Ports</button>
<span class="pair"><button type="button" data-do="out" aria-label="Smaller">−</button>
<button type="button" data-do="in" aria-label="Larger">+</button></span>
<input type="search" placeholder="Search" aria-label="Search the tree">
<span class="hits" role="status"></span>
</div>"""


def _items(nodes: Sequence[NodeView], title: str, notes: Notes) -> list[str]:
    above = parents([node.depth for node in nodes])
    sizes, place = Counter(above), [0] * len(nodes)
    lines = [f'<ul class="tree" role="tree" aria-label="{cell(title)}">']
    before, seen = -1, Counter[int]()
    for index, node in enumerate(nodes):
        lines += ["</li></ul>"] * (before - node.depth) + (["</li>"] if before >= node.depth else [])
        seen[above[index]] += 1
        place[index] = seen[above[index]]
        lines.append(_item(node, notes.get(index, Note()), place[index], sizes[above[index]], sizes[index]))
        before = node.depth
    return [*lines, *(["</li></ul>"] * (before + 1))]


def _item(node: NodeView, note: Note, place: int, siblings: int, children: int) -> str:
    tag = "" if node.tag == node.name else f' <span class="tag">{cell(node.tag)}</span>'
    label = node.name if node.tag == node.name else f"{node.name} ({node.tag})"
    ports = "".join(f"<dt>{cell(name)}</dt><dd>{cell(text)}</dd>" for name, text in node.ports.items())
    find = " ".join([node.name, node.tag, node.path, *node.ports, *node.ports.values()]).lower()
    kind = node.kind.lower() if node.kind in KINDS else "other"
    words = [("role", "treeitem"), ("tabindex", "-1"), ("aria-level", str(node.depth + 1))]
    words += [("aria-setsize", str(siblings)), ("aria-posinset", str(place)), ("aria-label", cell(_said(label, note)))]
    words += [("aria-expanded", "true")] * bool(children) + [("data-status", note.status)] * bool(note.status)
    words += [("data-find", cell(find)), ("title", cell(node.path))]
    hue = f' style="--hue:{note.hue}"' if note.hue else ""
    kinds = f"{kind} marked" if note.hue else kind
    attributes = " ".join(f'{name}="{value}"' for name, value in words)
    return (
        f'<li class="{kinds}" {attributes}{hue}>'
        f'<div class="node"><span class="fold" aria-hidden="true"></span>'
        f'<span class="mark" aria-hidden="true">{GLYPHS.get(note.status, "")}</span>'
        f'<span class="name">{cell(node.name)}</span>{tag}<span class="hidden-count"></span>'
        f'<span class="time">{cell(note.time)}</span><span class="why" title="{cell(note.words)}">{cell(note.words)}'
        f"</span></div>"
        + (f'<dl class="ports" hidden>{ports}</dl>' if ports else "")
        + ('<ul role="group">' if children else "")
    )


def _said(label: str, note: Note) -> str:
    """What a screen reader says of a node."""
    return ", ".join(text for text in (label, note.status.lower(), note.time, note.words) if text)
