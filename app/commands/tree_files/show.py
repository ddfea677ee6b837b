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
from app.base.output import printable, tell_file
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from trees.library import find_tree

if TYPE_CHECKING:
    from app.drawing.diff import Difference
    from trees import NodeView

Format = Literal["text", "svg", "html"]
FORMATS: Final[tuple[Format, ...]] = ("text", "svg", "html")


def add_arguments(parser: Parser) -> None:
    add_trees(parser, several="+")
    parser.add_argument("--format", dest="form", choices=FORMATS, help="default: by the ending of --out")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there (default: print it)")
    parser.add_argument(
        "--diff", action="store_true", help="draw what changed between two files: spot-grasp show --diff OLD NEW"
    )
    parser.add_argument("--tree", dest="tree_id", metavar="ID", help=TREE_ID)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    if arguments.diff:
        if len(arguments.trees) != 2 or arguments.together:
            raise ConfigError("show --diff takes two files: spot-grasp show --diff OLD NEW")
        old, new = arguments.trees
        return show_difference(
            old, new, form=arguments.form, out=arguments.out, tree_id=arguments.tree_id, folders=arguments.folders
        )
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
    form = form or _by_ending(out)
    nodes, main = _nodes([find_tree(text) for text in texts], tree_id, folders)
    return _write(render(nodes, main, form), out)


def show_difference(
    old: str,
    new: str,
    *,
    form: Format | None = None,
    out: Path | None = None,
    tree_id: str | None = None,
    folders: Sequence[str] = (),
) -> int:
    """Show two trees as one, with what changed from the old to the new; 0. Arguments and errors as for `show`."""
    from app.drawing.diff import difference

    form = form or _by_ending(out)
    before, _ = _nodes([find_tree(old)], tree_id, folders)
    after, main = _nodes([find_tree(new)], tree_id, folders)
    return _write(render_difference(difference(before, after), f"{main}: {old} → {new}", form), out)


def _nodes(files: Sequence[Path], tree_id: str | None, folders: Sequence[str]) -> tuple[Sequence[NodeView], str]:
    """The nodes of the expanded tree, and its ID."""
    import trees
    from app.base.known_leaves import known_leaves

    document = trees.load(files, known_leaves(), tree_id, folders=folders)
    return trees.build(document, None, lambda: 0.0).nodes(), document.main


def _write(drawn: str, out: Path | None) -> int:
    if out is None:
        tell_file(drawn)
    else:
        write_atomic(out, drawn.encode())
    return SUCCESS


def render(nodes: Sequence[NodeView], title: str, form: Format) -> str:
    """The nodes of an expanded tree, in pre-order, in one of the formats."""
    from app.drawing.outline import outline
    from app.drawing.svg import svg
    from app.drawing.tree_view import tree_page

    match form:
        case "text":
            return outline(nodes)
        case "svg":
            return svg(nodes, title)
        case "html":
            return tree_page(nodes, title)


def render_difference(changes: Difference, title: str, form: Format) -> str:
    """Two trees as one, in one of the formats."""
    from app.drawing.outline import outline
    from app.drawing.page import cell
    from app.drawing.svg import CHANGED, Mark, svg
    from app.drawing.tree_view import tree_page

    match form:
        case "text":
            return f"{printable(title)}: {changes.words}\n{outline(changes.nodes, changes.notes)}"
        case "svg":
            marks = {index + 1: Mark(*CHANGED[note.status], note.words) for index, note in changes.notes.items()}
            return svg(changes.nodes, f"{title}: {changes.words}", marks=marks)
        case "html":
            above = f"<p>{cell(changes.words)}</p>"
            return tree_page(changes.nodes, title, notes=changes.notes, above=above)


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
