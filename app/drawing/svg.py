"""A tree as an SVG picture, and as a self-contained HTML page; every text of the tree is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from app.base.output import printable
from app.drawing.layout import LINE, PADDING, Box, boxes

if TYPE_CHECKING:
    from trees import NodeView

MARGIN: Final = 12.0
COLOURS: Final = {
    "Action": ("#e3f0ff", "#2f6fb0"),
    "Condition": ("#fff3d6", "#b07f1c"),
    "Control": ("#ececf2", "#5c5c75"),
    "Decorator": ("#f3e6f7", "#86479c"),
    "SubTree": ("#e2f4e4", "#3b8246"),
}
"""Fill and border by kind."""
OTHER: Final = ("#ffffff", "#555555")
STYLE: Final = (
    "text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c1c24;white-space:pre}"
    ".name{font-weight:bold}.more{fill:#4a4a5a}.edge{fill:none;stroke:#8a8a99;stroke-width:1.3}"
)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
body{{margin:1.5rem;font:15px system-ui,sans-serif;color:#1c1c24;background:#fff}}
.tree{{overflow:auto;border:1px solid #d5d5de;padding:.5rem}}
table{{border-collapse:collapse;margin-top:1rem}}td,th{{border:1px solid #d5d5de;padding:.2rem .5rem;text-align:left}}
td{{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;vertical-align:top}}
{style}
</style>
</head>
<body>
<h1>{title}</h1>
<div class="tree">
{svg}</div>
<table>
<thead><tr><th>number</th><th>path</th><th>kind</th><th>tag</th><th>ports</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def svg(nodes: Sequence[NodeView], title: str, *, alone: bool = True) -> str:
    """The picture. nodes: of the expanded tree, in pre-order. alone: include the style, for a file of its own."""
    placed = boxes(nodes)
    width = max(box.left + box.width for box in placed) + 2 * MARGIN
    height = max(box.top + box.height for box in placed) + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}" role="img">',
        f"<title>{_text(title)}</title>",
    ]
    if alone:
        lines.append(f"<style>{STYLE}</style>")
    lines += [_edge(placed[box.parent], box) for box in placed if box.parent >= 0]
    for box in placed:
        lines += _box(box)
    return "\n".join([*lines, "</svg>", ""])


def html(nodes: Sequence[NodeView], title: str) -> str:
    """A page with the picture and a table of all nodes. It has no script, and its policy allows none."""
    rows = []
    for node in nodes:
        ports = "<br>".join(f"{_text(name)} = {_text(text)}" for name, text in node.ports.items())
        cells = (str(node.uid), _text(node.path), _text(node.kind), _text(node.tag), ports)
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    picture = svg(nodes, title, alone=False)
    return PAGE.format(policy=POLICY, title=_text(title), style=STYLE, svg=picture, rows="\n".join(rows))


def _edge(parent: Box, box: Box) -> str:
    x1, y1 = parent.left + parent.width, parent.top + parent.height / 2
    x2, y2 = box.left, box.top + box.height / 2
    bend = (x1 + x2) / 2
    return f'<path class="edge" d="M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"/>'


def _box(box: Box) -> list[str]:
    fill, border = COLOURS.get(box.node.kind, OTHER)
    ports = "".join(f"\n{name} = {text}" for name, text in box.node.ports.items())
    lines = [
        "<g>",
        f"<title>{escape(f'{printable(box.node.path)} ({printable(box.node.tag)})')}{_text(ports)}</title>",
        f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
        f'fill="{fill}" stroke="{border}"/>',
    ]
    for number, text in enumerate(box.lines):
        y = box.top + PADDING + LINE * (number + 0.75)
        style = "name" if number == 0 else "more"
        lines.append(f'<text class="{style}" x="{box.left + PADDING:.1f}" y="{y:.1f}">{_text(text)}</text>')
    return [*lines, "</g>"]


def _text(text: str) -> str:
    """Escaped for XML and HTML, without characters that they do not allow."""
    return escape(printable(text), {'"': "&quot;", "'": "&#39;"})
