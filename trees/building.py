"""From a checked document to seated nodes: each in its place, with its ports, its conditions and its scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trees.checking.kinds import tag_of
from trees.data.blackboard import AnyPort, Blackboard
from trees.data.literals import key_of
from trees.data.ports import Port
from trees.data.wiring import Wiring
from trees.document import Document
from trees.engine.conditions import Conditions
from trees.engine.control import ControlNode
from trees.engine.leaf import Leaf, PortAccess
from trees.engine.runtime import Runtime
from trees.engine.seat import Seat, seat_leaf
from trees.errors import raised_by
from trees.nodes import SubTree
from trees.paths import NodePath, above_root
from trees.reading.elements import Element
from trees.reading.names import RESERVED


@dataclass(frozen=True)
class Place:
    """Where a leaf is going to stand: what there is to know before it is made. wire: its port access, for other ports
    than its own. scope: the blackboard it sees."""

    uid: int
    path: str
    name: str
    tag: str
    wire: Callable[[tuple[Port, ...]], PortAccess]
    scope: Blackboard


Substitute = Callable[[Place], Leaf | None]
"""Gives another leaf for a place, or None to leave the tree's own."""


@dataclass(frozen=True)
class Seated:
    """A seat with what the file says of it. ports: as wired in the file."""

    seat: Seat
    where: NodePath
    tag: str
    kind: str
    depth: int
    ports: dict[str, str]
    attributes: dict[str, str]


class Builder:
    """Makes the nodes of one tree. nodes: in the order of the expanded tree. scopes: the blackboard of each SubTree by
    its uid, the main tree's is 0."""

    def __init__(self, document: Document, context: Any, runtime: Runtime, substitute: Substitute | None) -> None:
        self._document, self._context, self._runtime, self._substitute = document, context, runtime, substitute
        self.nodes: list[Seated] = []
        self.scopes: dict[int, Blackboard] = {0: Blackboard()}

    def build(self) -> Seat:
        """The root of the main tree."""
        main = self._document.main
        return self._build(self._document.trees[main], self.scopes[0], above_root(main), 0)

    def _build(self, element: Element, scope: Blackboard, above: NodePath, depth: int) -> Seat:
        tag = tag_of(element)
        where = above.child(element, len(self.nodes) + 1)
        name, seat = where.name, Seat(where.uid, where.path, self._runtime)
        wired = {key: text for key, text in element.attributes.items() if key not in RESERVED and key[0].isalpha()}
        place = len(self.nodes)
        self.nodes.append(Seated(seat, where, tag, "", depth, wired, element.attributes))
        if tag != "SubTree" and getattr(self._document.class_of(element), "FREE_PORTS", False):
            for port, text in wired.items():
                if (key := key_of(text, port)) is not None:
                    scope.declare(key, AnyPort)
        seat.conditions = Conditions.of(element.attributes, scope)
        kind: str
        leaf = self._leaf(element, seat, scope, name)
        if leaf is not None:
            seat_leaf(seat, leaf, tag)
            kind = leaf.KIND
        elif tag == "SubTree":
            identity = element.attributes["ID"]
            inner = self.scopes[seat.uid] = self._scope(element, scope, wired, seat.path)
            child = self._build(self._document.trees[identity], inner, where, depth + 1)
            SubTree(name, [child], Wiring((), wired, scope, seat.path), self._runtime).take(seat)
            kind = SubTree.KIND
        else:
            control = self._document.class_of(element)
            assert issubclass(control, ControlNode)
            wiring = Wiring(control.PORTS, wired, scope, seat.path)
            children = []
            for below in element.children:
                children.append(self._build(below, scope, where, depth + 1))
            control(name, children, wiring, self._runtime).take(seat)
            kind = control.KIND
        self.nodes[place] = Seated(seat, where, tag, kind, depth, wired, element.attributes)
        return seat

    def _leaf(self, element: Element, seat: Seat, scope: Blackboard, name: str) -> Leaf | None:
        """The leaf of an element, or what stands in for it; None if it is a node of the language."""
        tag = tag_of(element)
        if tag == "SubTree":
            return None

        def wire(ports: tuple[Port, ...]) -> PortAccess:
            return Wiring(ports, element.attributes, scope, seat.path, self._document.known)

        if self._substitute is not None and not element.children:
            other = self._substitute(Place(seat.uid, seat.path, name, tag, wire, scope))
            if other is not None:
                return other
        own = self._document.class_of(element)
        if not issubclass(own, Leaf):
            return None
        ports = wire(own.PORTS)
        try:
            return own(name, ports, self._context)
        except BaseException as error:
            told = raised_by(seat.path, tag, error)
            if told is error:
                raise
            raise told from error

    def _scope(self, element: Element, scope: Blackboard, wired: dict[str, str], path: str) -> Blackboard:
        """The blackboard of a subtree: what its tag gives, and without _autoremap the defaults of its model."""
        automatic = element.attributes.get("_autoremap", "0").strip().lower() in ("1", "true")
        given = dict(wired)
        if not automatic:
            model = self._document.subtree_models.get(element.attributes["ID"])
            for port, declared in model.ports.items() if model is not None else ():
                if "default" in declared.attributes:
                    given.setdefault(port, declared.attributes["default"])
        keys = {name: key for name, text in given.items() if (key := key_of(text, name)) is not None}
        constants = {name: text for name, text in given.items() if name not in keys}
        return Blackboard(scope, remap=keys, autoremap=automatic, constants=constants, path=path)
