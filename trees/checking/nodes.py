"""Checks of single nodes: form, number of children, attributes and their literals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from trees.checking.kinds import Kinds, NodeClass, is_known, tag_of
from trees.checking.subtree_ports import is_port, remaps_all
from trees.data.literals import convert, key_of, type_name
from trees.data.ports import Direction, Port
from trees.engine.conditions import check_conditions
from trees.engine.control import ControlNode
from trees.engine.leaf import Leaf
from trees.nodes import CONTROL_NODES
from trees.reading.attributes import check_attributes, check_subtree_words, intended
from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS, EXPLICIT, listed, name_error, nearest
from trees.reading.outline import Outline
from trees.reading.version3 import renamed_port

SCRIPTS = ("code", "if")
"""Ports of the built-in nodes whose text is a script."""
_TEXT = re.compile("'[^']*'")


def is_late(tag: str) -> bool:
    """True for nodes whose children BehaviorTree.CPP 4.10 counts at the first tick only."""
    return tag in ("IfThenElse", "WhileDoElse") or (tag.startswith("Switch") and tag[6:].isdigit())


def has_free_ports(kind: NodeClass) -> bool:
    """True for a stub, which has whatever ports the file gives it."""
    return bool(getattr(kind, "FREE_PORTS", False))


def describe_port(port: Port) -> str:
    """`input, float in m, at most 2`."""
    unit = f" in {port.unit}" if port.unit else ""
    limits = f", {port.limits}" if port.limits else ""
    return f"{port.direction.value}, {type_name(port.type)}{unit}{limits}"


def child_count_error(element: Element, kind: NodeClass) -> str:
    """The error in the number of children, "" if there is none."""
    fewest, most = kind.CHILDREN if issubclass(kind, ControlNode) else (0, 0)
    have = len(element.children)
    if have >= fewest and (most is None or have <= most):
        return ""
    expected = str(fewest) if most == fewest else f"{fewest} to {most}" if most is not None else f"at least {fewest}"
    return f"<{tag_of(element)}> has {have} children, expected {expected}"


class NodeChecks:
    """The problems of single nodes.

    tolerant: the file belongs to another project. Whatever 4.10 accepts is a warning then, and so is a mismatch with a
    leaf here that happens to have the same name. strict: refuse whatever 4.10 refuses.
    """

    def __init__(
        self, outline: Outline, kinds: Kinds, leaves: Mapping[str, type[Leaf]], *, strict: bool, tolerant: bool
    ) -> None:
        self._outline, self._kinds, self._leaves = outline, kinds, leaves
        self._strict, self._tolerant = strict, tolerant

    def all(self) -> Iterator[Problem]:
        """Every problem of every tree."""
        for name, tree in self._outline.trees.items():
            head = self._outline.heads.get(name)
            if head is not None and is_known(name, self._leaves):
                yield head.problem(f"<BehaviorTree> ID '{name}' is the name of a node", "ID")
            named: dict[str, Element] = {}
            for element in tree.walk():
                yield from self._node(element, named)

    def _node(self, element: Element, named: dict[str, Element]) -> Iterator[Problem]:
        yield from self._form(element)
        yield from check_attributes(element, tolerant=self._tolerant)
        yield from self._conditions(element)
        if element.tag == "SubTree":
            yield from self._subtree(element, named)
            return
        tag = tag_of(element)
        kind = self._kinds.classes.get(tag)
        if kind is None:
            return  # reported by `find_kinds`
        if wrong := child_count_error(element, kind):
            yield element.problem(wrong, warning=self._tolerant and is_late(tag))
        if tag == "ReactiveSequence" and sum(child.tag == "AsyncSequence" for child in element.children) > 1:
            yield element.problem("<ReactiveSequence> has more than one <AsyncSequence>, at most one is allowed")
        if issubclass(kind, ControlNode):
            for attribute, message in kind.check(element.attributes):
                yield element.problem(f"<{tag}> {message}", attribute)
        if not has_free_ports(kind):
            yield from self._ports(element, tag, kind)

    def _form(self, element: Element) -> Iterator[Problem]:
        identity = element.attributes.get("ID")
        if element.tag in EXPLICIT:
            if not identity:
                yield element.problem(f"<{element.tag}> has no ID, which names what it is", "ID")
        elif identity is not None:
            yield element.problem(f"<{element.tag}> has an ID, which only {', '.join(EXPLICIT)} have", "ID")

    def _conditions(self, element: Element) -> Iterator[Problem]:
        for attribute, message in check_conditions(element.attributes):
            yield element.problem(f"<{tag_of(element)}> {message}", attribute)
        kind = self._kinds.classes.get(tag_of(element))
        scripts = SCRIPTS if kind is not None and issubclass(kind, ControlNode) else ()
        for attribute in (*CONDITIONS, *scripts) if self._strict else ():
            if '"' in _TEXT.sub("", element.attributes.get(attribute, "")):
                message = f"<{tag_of(element)}> '{attribute}' has a text in double quotes, which 4.9 and later refuse"
                yield element.problem(message, attribute)

    def _subtree(self, element: Element, named: dict[str, Element]) -> Iterator[Problem]:
        tree_id = element.attributes.get("ID", "")
        trees = self._outline.trees
        if tree_id and is_known(tree_id, self._leaves):
            yield element.problem(f"<SubTree> ID '{tree_id}' is the name of a node, not of a tree", "ID")
        elif tree_id and (tree_id not in trees or tree_id in self._outline.stubs):
            message = f"<SubTree> names tree '{tree_id}', which is not in the files"
            message += "; a stub that succeeds takes its place." if self._tolerant else "."
            message += f"{nearest(tree_id, self._outline.heads)} Trees: {listed(self._outline.heads)}"
            yield element.problem(message, "ID", warning=self._tolerant and not name_error(tree_id))
        if element.children:
            yield element.problem("<SubTree> has children; its content is the tree that it names")
        name = element.attributes.get("name")
        if name is not None and named.setdefault(name, element) is not element:
            message = f"<SubTree> has the name '{name}' of the one in line {named[name].line}"
            yield element.problem(f"{message}; their paths would be the same", "name")
        remapped = element.attributes.get("_autoremap", "0").strip().lower()
        if remapped not in ("1", "0", "true", "false"):
            yield element.problem(f"<SubTree> _autoremap is '{remapped}', expected true or false", "_autoremap")
        if tree_id in trees:
            yield from check_subtree_words(element, trees[tree_id], tolerant=self._tolerant)
        yield from self._interface(element, tree_id)

    def _interface(self, element: Element, tree_id: str) -> Iterator[Problem]:
        """Compare a SubTree with its model: without _autoremap, every port without a default must be set."""
        model = self._outline.subtree_models.get(tree_id)
        if model is None:
            return
        if not remaps_all(element):
            for port, declared in model.ports.items():
                default = declared.attributes.get("default")
                if port not in element.attributes and not default:
                    direction = model.direction(port)
                    place = f"{declared.file}:{declared.line}"
                    message = f"<SubTree> needs port '{port}' ({direction}), which the model of '{tree_id}' declares"
                    what = "without a default" if default is None else 'with default="", which 4.10 takes for none,'
                    warning = default is not None and not self._strict
                    yield element.problem(f"{message} {what} in {place}", warning=warning)
        for attribute in element.attributes:
            if is_port(attribute) and attribute not in model.ports:
                message = f"<SubTree> port '{attribute}' is not in the model of '{tree_id}'"
                choices = f"{nearest(attribute, model.ports)} Ports: {listed(model.ports)}"
                yield element.problem(f"{message}.{choices}", attribute, warning=True)

    def _ports(self, element: Element, tag: str, kind: NodeClass) -> Iterator[Problem]:
        ports = {port.name: port for port in kind.PORTS}
        foreign = self._tolerant and tag not in CONTROL_NODES
        for attribute, text in element.attributes.items():
            if not is_port(attribute):
                continue
            port = ports.get(attribute)
            if port is None:
                near = renamed_port(tag, attribute) or _near(intended(attribute)) or nearest(attribute, ports)
                message = f"<{tag}> has no port '{attribute}'.{near} Ports: {listed(ports)}"
                yield element.problem(message, attribute, warning=foreign)
                continue
            if key_of(text, attribute) is not None or port.is_omitted(text):
                continue
            if port.direction is Direction.OUTPUT:
                wire = f'{attribute}="{{{text}}}"'
                message = f"<{tag}> port '{attribute}' is an output and needs a key in braces: {wire}"
                yield element.problem(message, attribute, warning=self._tolerant)
            else:
                try:
                    convert(text, port.type)
                except ValueError as error:
                    message = f"<{tag}> port '{attribute}' is '{text}': {error} ({describe_port(port)})"
                    yield element.problem(message, attribute, warning=foreign)
        for port in ports.values():
            if port.required and port.name not in element.attributes:
                message = f"<{tag}> needs port '{port.name}' ({describe_port(port)})"
                yield element.problem(message, warning=self._tolerant)


def _near(word: str) -> str:
    return f" Did you mean '{word}'?" if word else ""
