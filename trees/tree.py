"""A tree that can be ticked: built from a document, watched from outside, halted whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.blackboard import Blackboard
from trees.control import ControlNode, reset
from trees.document import Element
from trees.errors import ContractError
from trees.intercept import Interceptor, intercept
from trees.leaf import Leaf, PortAccess
from trees.literals import convert, fits, key_of, type_name
from trees.load import RESERVED, Document, tag_of
from trees.nodes import SubTree
from trees.ports import Direction, Port
from trees.status import WORDS

Listener = Callable[[int, str, str, str, str], None]
"""(uid, path, old status, new status, feedback), statuses as words."""


@dataclass(frozen=True)
class NodeView:
    """A node as seen from outside. uid: 1.. in the order of the expanded tree. status: IDLE, RUNNING, SUCCESS or
    FAILURE, the last two as of its last end. ports: as wired in the file. attributes: all of the file's, with name,
    ID and conditions."""

    uid: int
    path: str
    name: str
    tag: str
    kind: str
    depth: int
    status: str
    feedback: str
    ports: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


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


@dataclass
class _Node:
    uid: int
    path: str
    tag: str
    kind: str
    depth: int
    ports: dict[str, str]
    behaviour: Behaviour
    attributes: dict[str, str]
    shown: str = "IDLE"


class Wiring:
    """Implements `trees.leaf.PortAccess` for one node: literals converted once, keys looked up in its scope."""

    def __init__(self, ports: tuple[Port, ...], element: Element, scope: Blackboard, path: str) -> None:
        self._scope, self.path = scope, path
        self._ports = {port.name: port for port in ports}
        self._keys: dict[str, str] = {}
        self._literals: dict[str, Any] = {}
        for port in ports:
            text = element.attributes.get(port.name)
            if text is None:
                if not port.required:
                    self._literals[port.name] = port.default
                continue
            key = key_of(text, port.name)
            if key is not None:
                self._keys[port.name] = key
            else:
                self._literals[port.name] = convert(text, port.type)

    def get(self, name: str) -> Any:
        if name in self._literals:
            return self._literals[name]
        port = self._port(name)
        key = self._keys.get(name)
        if key is None:
            raise ContractError(f"{self.path}: port '{name}' is not wired")
        value = self._scope.get(key, f"{self.path}: port '{name}'")
        if fits(value, port.type):
            return value
        if isinstance(value, str):  # constants handed to a subtree are text until their reader is known
            try:
                return convert(value, port.type)
            except ValueError as error:
                raise ContractError(f"{self.path}: port '{name}' gets '{value}' from {{{key}}}: {error}") from error
        raise ContractError(
            f"{self.path}: port '{name}' wants {type_name(port.type)}, {{{key}}} holds {type(value).__name__}"
        )

    def set(self, name: str, value: Any) -> None:
        port = self._port(name)
        if port.direction is Direction.INPUT:
            raise ContractError(f"{self.path}: port '{name}' is an input, it cannot be written")
        if not fits(value, port.type):
            raise ContractError(
                f"{self.path}: port '{name}' is of type {type_name(port.type)}, not {type(value).__name__}"
            )
        if name in self._keys:
            self._scope.set(self._keys[name], value)

    def _port(self, name: str) -> Port:
        if name not in self._ports:
            raise ContractError(f"{self.path}: there is no port '{name}'; ports: {', '.join(self._ports) or 'none'}")
        return self._ports[name]


class Tree:
    """A tree ready to run. One `tick` is BehaviorTree.CPP's tickExactlyOnce."""

    def __init__(
        self, document: Document, context: Any, clock: Callable[[], float], substitute: Substitute | None = None
    ) -> None:
        self._document, self._context, self._clock, self._substitute = document, context, clock, substitute
        self._nodes: list[_Node] = []
        self._listeners: list[Listener] = []
        self._failed: tuple[int, str, str] | None = None
        self.blackboard = Blackboard()
        self._scopes: dict[int, Blackboard] = {0: self.blackboard}
        self.root = self._build(document.trees[document.main], self.blackboard, document.main, 0)

    def _build(self, element: Element, scope: Blackboard, parent: str, depth: int) -> Behaviour:
        tag, uid = tag_of(element), len(self._nodes) + 1
        named = element.attributes.get("name") or (element.attributes.get("ID") if tag == "SubTree" else tag) or tag
        path = f"{parent}/{named}"
        wired = {key: text for key, text in element.attributes.items() if key not in RESERVED and key[0].isalpha()}
        index = len(self._nodes)
        self._nodes.append(None)  # type: ignore[arg-type]  # its place in pre-order, filled below
        behaviour: Behaviour
        kind: str
        if tag == "SubTree":
            inner = self._scopes[uid] = self._scope(element, scope, wired, path)
            child = self._build(self._document.trees[element.attributes["ID"]], inner, path, depth + 1)
            behaviour, kind = SubTree(named, [child], Wiring((), element, scope, path), self._clock), "SubTree"
        elif (other := self._other(uid, element, scope, path, named)) is not None:
            behaviour, kind = other, other.KIND
        elif issubclass(node_class := self._document.class_of(element), Leaf):
            behaviour, kind = (
                node_class(named, Wiring(node_class.PORTS, element, scope, path), self._context),
                node_class.KIND,
            )
        else:
            children = [self._build(child, scope, path, depth + 1) for child in element.children]
            behaviour, kind = (
                node_class(named, children, Wiring(node_class.PORTS, element, scope, path), self._clock),
                node_class.KIND,
            )
        self._nodes[index] = _Node(uid, path, tag, kind, depth, wired, behaviour, element.attributes)
        self._watch(self._nodes[index])
        return behaviour

    def _other(self, uid: int, element: Element, scope: Blackboard, path: str, name: str) -> Leaf | None:
        """The leaf that stands in for the element's own, if there is one."""
        if self._substitute is None or element.children:
            return None

        def wire(ports: tuple[Port, ...]) -> PortAccess:
            return Wiring(ports, element, scope, path)

        return self._substitute(Place(uid, path, name, tag_of(element), wire, scope))

    @staticmethod
    def _scope(element: Element, scope: Blackboard, wired: dict[str, str], path: str) -> Blackboard:
        keys = {name: key for name, text in wired.items() if (key := key_of(text, name)) is not None}
        automatic = element.attributes.get("_autoremap", "0").strip().lower() in ("1", "true")
        constants = {name: text for name, text in wired.items() if name not in keys}
        return Blackboard(scope, remap=keys, autoremap=automatic, constants=constants, path=path)

    def _watch(self, node: _Node) -> None:
        """Tell the listeners of every change of the node's status, and keep the node's path with what it raises."""
        behaviour = node.behaviour
        plain_tick = behaviour.tick

        def tick() -> Any:
            try:
                yield from plain_tick()
            except Exception as error:
                if not getattr(error, "__notes__", None):
                    error.add_note(f"raised at {node.path}")
                raise
            finally:
                self._show(node)

        behaviour.tick = tick  # type: ignore[method-assign]

    def _show(self, node: _Node) -> None:
        new = WORDS[node.behaviour.status]
        old = node.shown
        feedback = node.behaviour.feedback_message
        if new == "FAILURE" and isinstance(node.behaviour, Leaf):
            self._failed = (node.uid, node.path, feedback)
        if new == old and new == "RUNNING":
            return
        node.shown = new
        for listener in self._listeners:
            listener(node.uid, node.path, old, new, feedback)

    def _show_idle(self) -> None:
        for node in self._nodes:
            if node.shown == "RUNNING" and node.behaviour.status == Status.INVALID:
                self._show(node)

    def tick(self) -> Status:
        """One tick of the root. What a leaf raises passes through, with its path as a note, the tree halted."""
        try:
            for _ in self.root.tick():
                pass
        except BaseException as error:
            try:
                self.halt()
            except Exception as another:  # the first error is the one to tell
                error.add_note(f"and while stopping: {type(another).__name__}: {another}")
            raise
        self._show_idle()
        return self.root.status

    def halt(self) -> None:
        """Stop every RUNNING leaf; safe twice. If one raises while stopping, the others are stopped all the same."""
        try:
            reset(self.root)
        finally:
            self._show_idle()

    def nodes(self) -> tuple[NodeView, ...]:
        """A snapshot of all nodes, in the order of the expanded tree."""
        return tuple(
            NodeView(
                n.uid,
                n.path,
                n.behaviour.name,
                n.tag,
                n.kind,
                n.depth,
                n.shown,
                n.behaviour.feedback_message,
                n.ports,
                n.attributes,
            )
            for n in self._nodes
        )

    def scopes(self) -> dict[int, Blackboard]:
        """The blackboard of each subtree by the uid of its SubTree node; the main tree's is 0."""
        return dict(self._scopes)

    def failure(self) -> tuple[str, str] | None:
        """(path, reason) of the leaf that failed last, if any has."""
        return None if self._failed is None else self._failed[1:]

    def intercept(self, interceptor: Interceptor) -> None:
        """Ask `interceptor` before and after each tick of each node; costs nothing where it is not used."""
        for node in self._nodes:
            intercept(node.behaviour, node.uid, interceptor, partial(self._show, node))

    def on_transition(self, listener: Listener) -> None:
        self._listeners.append(listener)


def build(document: Document, context: Any, clock: Callable[[], float], substitute: Substitute | None = None) -> Tree:
    """The tree of a checked document. context: handed to every leaf. clock: seconds, for Delay and Timeout.
    substitute: asked for each node without children whether another leaf shall stand in its place."""
    return Tree(document, context, clock, substitute)


__all__ = ["ControlNode", "NodeView", "Place", "Substitute", "Tree", "build"]
