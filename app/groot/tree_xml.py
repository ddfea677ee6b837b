"""The running tree as the XML that Groot2 reads from publishers and logs: SubTrees written out, nodes numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.session.statuses import ends
from trees.reading.escape import attributes
from trees.reading.names import CONDITIONS

if TYPE_CHECKING:
    from trees import NodeView
    from trees.engine.leaf import Leaf


@dataclass(frozen=True)
class Subtree:
    """One tree of the running tree. tree_id: as in the file. path: empty for the main tree, else names of SubTree
    nodes joined by `/`, `ID::uid` for one without a name. node_uid: of the SubTree node, 0 for the main tree.
    first: index of its root in the list of nodes."""

    tree_id: str
    path: str
    node_uid: int
    first: int

    @property
    def board(self) -> str:
        """The name under which its blackboard is asked for."""
        return self.path or self.tree_id


def subtrees(main: str, nodes: Sequence[NodeView]) -> list[Subtree]:
    """The main tree and every SubTree in the order of the nodes. nodes: as of `Tree.nodes()`. main: its ID."""
    found = [Subtree(main, "", 0, 0)]
    inside: list[tuple[int, str]] = []  # end, path
    last = ends([node.depth for node in nodes])
    for index, node in enumerate(nodes):
        while inside and inside[-1][0] <= index:
            inside.pop()
        if node.kind != "SubTree":
            continue
        tree_id = node.attributes.get("ID", node.name)
        own = node.attributes.get("name") or f"{tree_id}::{node.uid}"
        path = f"{inside[-1][1]}/{own}" if inside else own
        inside.append((last[index], path))
        found.append(Subtree(tree_id, path, node.uid, index + 1))
    return found


def owners(found: Sequence[Subtree], nodes: Sequence[NodeView]) -> list[Subtree]:
    """For each node the subtree that it belongs to; a SubTree node belongs to the tree that uses it."""
    starts = {subtree.first: subtree for subtree in found}
    owned: list[Subtree] = []
    inside: list[tuple[int, Subtree]] = []  # depth of the subtree's root
    for index, node in enumerate(nodes):
        while inside and node.depth < inside[-1][0]:
            inside.pop()
        if index in starts:
            inside.append((node.depth, starts[index]))
        owned.append(inside[-1][1])
    return owned


def full_paths(main: str, nodes: Sequence[NodeView]) -> list[str]:
    """Each node's path as BehaviorTree.CPP has it: names of SubTree nodes and its own, `Tag::uid` where it has none."""
    paths = []
    for node, owner in zip(nodes, owners(subtrees(main, nodes), nodes), strict=True):
        tag = node.attributes.get("ID", node.tag) if node.kind == "SubTree" else node.tag
        own = node.name if node.name != tag else f"{tag}::{node.uid}"
        paths.append(f"{owner.path}/{own}" if owner.path else own)
    return paths


def tree_xml(main: str, nodes: Sequence[NodeView], leaves: Mapping[str, type[Leaf]]) -> str:
    """The document: a BehaviorTree with `_fullpath` for each subtree, `_uid` on each node, and a TreeNodesModel.

    main: ID of the main tree. leaves: those the tree may use; the models of the control nodes are added.
    """
    found = subtrees(main, nodes)
    paths = {subtree.node_uid: subtree for subtree in found}
    lines = ['<root BTCPP_format="4">']
    for subtree in found:
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
    from trees import CONTROL_NODES
    from trees.describe import model

    return model({**CONTROL_NODES, **{node.tag: leaves[node.tag] for node in nodes if node.tag in leaves}})


def _tag(text: str) -> str:
    """A node's tag as an XML name; real files also have IDs with spaces, which the compact form cannot hold."""
    name = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in text)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def _indent(depth: int) -> str:
    return "  " * (depth + 2)
