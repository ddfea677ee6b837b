"""`spot-grasp show`: the tree of a file, subtrees written out, as text, as a picture or as a page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from app.base.arguments import TREE_ID, add_trees, one_tree
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_file
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from trees.library import find_tree

if TYPE_CHECKING:
    from trees import NodeView

Format = Literal["text", "svg", "html"]
FORMATS: Final[tuple[Format, ...]] = ("text", "svg", "html")


def add_arguments(parser: Parser) -> None:
    add_trees(parser, several="+")
    parser.add_argument("--format", dest="form", choices=FORMATS, help="default: by the ending of --out")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there (default: print it)")
    parser.add_argument("--tree", dest="tree_id", metavar="ID", help=TREE_ID)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    files = one_tree("show", arguments)
    return show(files, form=arguments.form, out=arguments.out, tree_id=arguments.tree_id, folders=arguments.folders)


def show(
    texts: Sequence[str],
    *,
    form: Format | None = None,
    out: Path | None = None,
    tree_id: str | None = None,
    folders: Sequence[str] = (),
) -> int:
    """Show the tree that the files, read as one, make; 0. form: None goes by the ending of `out`, else text. out: the
    file to write, None prints. folders: see `trees.load`. TreeError if the tree cannot be read, WriteError if `out`
    cannot be written."""
    import trees
    from app.base.known_leaves import known_leaves

    form = form or _by_ending(out)
    document = trees.load([find_tree(text) for text in texts], known_leaves(), tree_id, folders=folders)
    nodes = trees.build(document, None, lambda: 0.0).nodes()
    drawn = render(nodes, document.main, form)
    if out is None:
        tell_file(drawn)
        return SUCCESS
    write_atomic(out, drawn.encode())
    return SUCCESS


def render(nodes: Sequence[NodeView], title: str, form: Format) -> str:
    """The nodes of an expanded tree, in pre-order, in one of the formats."""
    from app.drawing.outline import outline
    from app.drawing.svg import html, svg

    match form:
        case "text":
            return outline(nodes)
        case "svg":
            return svg(nodes, title)
        case "html":
            return html(nodes, title)


def _by_ending(out: Path | None) -> Format:
    """ConfigError for an ending that stands for another form."""
    if out is None:
        return "text"
    endings: dict[str, Format] = {".svg": "svg", ".html": "html", ".htm": "html", ".txt": "text", "": "text"}
    form = endings.get(out.suffix.lower())
    if form is None:
        forms = ", ".join(FORMATS)
        raise ConfigError(f"{out}: not the ending of a form: name it .txt, .svg or .html, or say --format, of {forms}")
    return form


COMMAND = Command(add_arguments, run)
