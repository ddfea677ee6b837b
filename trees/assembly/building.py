"""Builds the nodes of a checked document: each with its ports, its conditions and its blackboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trees.assembly.document import Document
from trees.assembly.paths import NodePath, above_root
from trees.checking.kinds import tag_of
from trees.checking.nodes import has_free_ports
from trees.checking.subtree_ports import is_port, remaps_all, subtree_inputs
from trees.data.blackboard import AnyPort, Blackboard
from trees.data.literals import key_of
from trees.data.ports import Port
from trees.data.wiring import Wiring
from trees.engine.conditions import Conditions
from trees.engine.control import ControlNode
from trees.engine.leaf import Leaf, PortAccess
from trees.engine.node import TreeNode, attach_leaf
from trees.engine.runtime import Runtime
from trees.errors import raise_for_leaf
from trees.nodes import SubTree
from trees.reading.elements import Element


@dataclass(frozen=True)
class Place:
    """A leaf of the file before it is built, for a `Substitute`.

    uid, path, name: see `trees.assembly.paths`. tag: in the file. wire: makes the access to the given ports, as
    wired in the file. scope: the blackboard of its tree.
    """

    uid: int
    path: str
    name: str
    tag: str
    wire: Callable[[tuple[Port, ...]], PortAccess]
    scope: Blackboard


Substitute = Callable[[Place], Leaf | None]
"""Returns another leaf for a place, or None to keep the tree's own."""


@dataclass(frozen=True)
class BuiltNode:
    """A node and its description in the file. ports: as wired there."""

    node: TreeNode
    where: NodePath
    tag: str
    kind: str
    depth: int
    ports: dict[str, str]
    attributes: dict[str, str]


class Builder:
    """Builds the nodes of one tree. nodes: in the order of the expanded tree. scopes: the blackboard of each SubTree by
    its uid; the main tree's is 0."""

    def __init__(self, document: Document, context: Any, runtime: Runtime, substitute: Substitute | None) -> None:
        self._document, self._context, self._runtime, self._substitute = document, context, runtime, substitute
        self.nodes: list[BuiltNode] = []
        self.scopes: dict[int, Blackboard] = {0: Blackboard()}

    def build(self) -> TreeNode:
        """Build the main tree and return its root."""
        main = self._document.main
        return self._build(self._document.trees[main], self.scopes[0], above_root(main), 0)

    def _build(self, element: Element, scope: Blackboard, above: NodePath, depth: int) -> TreeNode:
        tag = tag_of(element)
        where = above.child(element, len(self.nodes) + 1)
        name, node = where.name, TreeNode(where.uid, where.path, self._runtime)
        wired = {key: text for key, text in element.attributes.items() if is_port(key)}
        place = len(self.nodes)
        self.nodes.append(BuiltNode(node, where, tag, "", depth, wired, element.attributes))
        if tag != "SubTree" and has_free_ports(self._document.class_of(element)):
            for port, text in wired.items():
                if (key := key_of(text, port)) is not None:
                    scope.declare(key, AnyPort)
        node.conditions = Conditions.of(element.attributes, scope)
        kind: str
        leaf = self._leaf(element, node, scope, name)
        if leaf is not None:
            attach_leaf(node, leaf, tag)
            kind = leaf.KIND
        elif tag == "SubTree":
            identity = element.attributes["ID"]
            inner = self.scopes[node.uid] = self._scope(element, scope, node.path)
            child = self._build(self._document.trees[identity], inner, where, depth + 1)
            SubTree(name, [child], Wiring((), wired, scope, node.path), self._runtime).attach(node)
            kind = SubTree.KIND
        else:
            control = self._document.class_of(element)
            assert issubclass(control, ControlNode)
            wiring = Wiring(control.PORTS, wired, scope, node.path)
            children = [self._build(child, scope, where, depth + 1) for child in element.children]
            control(name, children, wiring, self._runtime).attach(node)
            kind = control.KIND
        self.nodes[place] = BuiltNode(node, where, tag, kind, depth, wired, element.attributes)
        return node

    def _leaf(self, element: Element, node: TreeNode, scope: Blackboard, name: str) -> Leaf | None:
        """The leaf of an element, or its substitute; None for a node of the language."""
        tag = tag_of(element)
        if tag == "SubTree":
            return None

        def wire(ports: tuple[Port, ...]) -> PortAccess:
            return Wiring(ports, element.attributes, scope, node.path, self._document.known)

        if self._substitute is not None and not element.children:
            substitute = self._substitute(Place(node.uid, node.path, name, tag, wire, scope))
            if substitute is not None:
                return substitute
        own = self._document.class_of(element)
        if not issubclass(own, Leaf):
            return None
        ports = wire(own.PORTS)
        try:
            return own(name, ports, self._context)
        except BaseException as error:
            raise_for_leaf(node.path, tag, error)

    def _scope(self, element: Element, scope: Blackboard, path: str) -> Blackboard:
        """The blackboard of a subtree: the ports of its tag and, without _autoremap, the defaults of its model."""
        ports = {name: port.text for name, port in subtree_inputs(element, self._document.subtree_models).items()}
        keys = {name: key for name, text in ports.items() if (key := key_of(text, name)) is not None}
        constants = {name: text for name, text in ports.items() if name not in keys}
        return Blackboard(scope, remap=keys, autoremap=remaps_all(element), constants=constants, path=path)
