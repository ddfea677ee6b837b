"""The running tree as the XML that Groot2 reads from publishers and logs: SubTrees written out, nodes numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trees.assembly.tree import Subtree, subtrees
from trees.describe import model
from trees.nodes import CONTROL_NODES
from trees.reading.escape import attributes
from trees.reading.names import CONDITIONS

if TYPE_CHECKING:
    from trees.assembly.tree import NodeView
    from trees.engine.leaf import Leaf


def tree_xml(main: str, nodes: Sequence[NodeView], leaves: Mapping[str, type[Leaf]]) -> str:
    """The document: a BehaviorTree with `_fullpath` for each subtree, `_uid` on each node, and a TreeNodesModel.

    main: ID of the main tree. leaves: those the tree may use; the models of the control nodes are added.
    """
    trees = subtrees(main, nodes)
    paths = {subtree.node_uid: subtree for subtree in trees}
    lines = ['<root BTCPP_format="4">']
    for subtree in trees:
        lines.append(f"  <BehaviorTree{attributes({'ID': subtree.tree_id, '_fullpath': subtree.path})}>")
        _write(nodes, subtree.first, paths, lines)
        lines.append("  </BehaviorTree>")
    return "\n".join([*lines, *_model(nodes, leaves), "</root>", ""])


def _write(nodes: Sequence[NodeView], first: int, paths: Mapping[int, Subtree], lines: list[str]) -> None:
    """The node at `first` with all below it, but not what is inside a SubTree."""
    top = nodes[first].depth
    open_tags: list[tuple[int, str]] = []
    index, hidden = first, None
    while index < len(nodes) and (index == first or nodes[index].depth > top):
        node = nodes[index]
        if hidden is not None and node.depth > hidden:
            index += 1
            continue
        hidden = node.depth if node.kind == "SubTree" else None
        while open_tags and open_tags[-1][0] >= node.depth:
            depth, tag = open_tags.pop()
            lines.append(f"{_indent(depth - top)}</{tag}>")
        has_children = hidden is None and index + 1 < len(nodes) and nodes[index + 1].depth > node.depth
        tag = "SubTree" if node.kind == "SubTree" else _tag(node.tag)
        lines.append(
            f"{_indent(node.depth - top)}<{tag}{attributes(_shown(node, paths))}{'' if has_children else '/'}>"
        )
        if has_children:
            open_tags.append((node.depth, tag))
        index += 1
    for depth, tag in reversed(open_tags):
        lines.append(f"{_indent(depth - top)}</{tag}>")


def _shown(node: NodeView, paths: Mapping[int, Subtree]) -> dict[str, str]:
    subtree = paths.get(node.uid)
    if subtree is not None:
        shown = {"ID": subtree.tree_id, "_fullpath": subtree.path, "_uid": str(node.uid)}
    else:
        shown = {"name": node.name, "_uid": str(node.uid)}
    for name, text in node.ports.items():
        shown.setdefault(name, text)
    shown.update({name: node.attributes[name] for name in CONDITIONS if name in node.attributes})
    return shown


def _model(nodes: Sequence[NodeView], leaves: Mapping[str, type[Leaf]]) -> list[str]:
    return model({**CONTROL_NODES, **{node.tag: leaves[node.tag] for node in nodes if node.tag in leaves}})


def _tag(text: str) -> str:
    """A node's tag as an XML name; real files also have IDs with spaces, which the compact form cannot hold."""
    name = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in text)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def _indent(depth: int) -> str:
    return "  " * (depth + 2)
