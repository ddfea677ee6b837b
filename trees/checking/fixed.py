"""Constant values in the files and the ports that they reach: literals, constants of SubTrees and scripts, queues.

A value that a port would refuse at run time is reported before: as an error if it certainly arrives, as a warning if
another value may replace it. Every tree is summarised once, after the trees it uses, as in `trees.checking.flow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trees.checking.flow import script_writes
from trees.checking.kinds import Kinds, NodeClass, tag_of
from trees.checking.nodes import SCRIPTS, has_free_ports
from trees.checking.subtree_ports import TooMuchWorkError, WorkLimit, is_port, outer_key, remaps_all, subtree_inputs
from trees.data.blackboard import Blackboard, typed_constant
from trees.data.literals import convert, fits, key_of
from trees.data.ports import NOTHING_KNOWN, Direction, Port, Vocabulary
from trees.data.wiring import read_as
from trees.engine.leaf import Leaf
from trees.errors import ContractError
from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS
from trees.reading.outline import Outline
from trees.script import ScriptError, compile_script
from trees.script.assignment import Assignment
from trees.script.expressions import Environment


@dataclass(frozen=True)
class _Reader:
    """A port that reads a key. label: for messages."""

    port: Port
    label: str


@dataclass(frozen=True)
class _Constant:
    """A value that an attribute of an element writes to a key."""

    value: Any
    element: Element
    attribute: str

    @property
    def mark(self) -> tuple[int, str, str]:
        return id(self.element), self.attribute, str(self.value)


@dataclass
class TreeSummary:
    """The keys of one tree and the trees below it.

    readers: the ports that read a key, each once. constants: the constant values written to a key. writes: all keys
    that are written.
    """

    readers: dict[str, dict[int, _Reader]] = field(default_factory=dict)
    constants: dict[str, dict[tuple[int, str, str], _Constant]] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)

    def ports(self, key: str) -> list[Port]:
        """The ports that read a key of this tree."""
        return [reader.port for reader in self.readers.get(key, {}).values()]


def literal_refusal(text: str, port: Port, known: Vocabulary = NOTHING_KNOWN) -> str:
    """Why a port refuses a literal, "" if it does not. text: as written in the file. known: the accepted names."""
    try:
        return port.refusal(convert(text, port.type), known)
    except ValueError as error:
        return str(error)


def refusal(value: Any, port: Port, known: Vocabulary = NOTHING_KNOWN) -> str:
    """Why a port refuses a value from the blackboard, "" if it does not. known: the accepted names."""
    try:
        return port.refusal(value if fits(value, port.type) else read_as(value, port.type), known)
    except ValueError as error:
        return str(error)


def check_fixed(
    outline: Outline, kinds: Kinds, order: Iterable[str], known: Vocabulary = NOTHING_KNOWN, *, tolerant: bool = False
) -> list[Problem]:
    """The problems of all constant values.

    order: the trees to check, with the trees that they use; none may contain itself. known: the accepted names.
    tolerant: all problems are warnings.
    """
    values = FixedValues(outline, kinds, known, tolerant=tolerant)
    try:
        for name in order:
            values.summary(name)
    except TooMuchWorkError:
        root = next(iter(outline.heads.values()))
        values.problems.append(root.problem("so many values are handed on that they are not followed", warning=True))
    return values.problems


class FixedValues:
    """One pass over the trees. problems: those found so far."""

    def __init__(
        self, outline: Outline, kinds: Kinds, known: Vocabulary = NOTHING_KNOWN, *, tolerant: bool = True
    ) -> None:
        self._outline, self._kinds, self._known, self._tolerant = outline, kinds, known, tolerant
        self._summaries: dict[str, TreeSummary] = {}
        self._reported: set[tuple[tuple[int, str, str], str]] = set()
        self._work = WorkLimit()
        self.problems: list[Problem] = []

    def summary(self, name: str) -> TreeSummary:
        """The summary of a tree and of those that it uses."""
        if name in self._summaries:
            return self._summaries[name]
        total = TreeSummary()
        for element in self._outline.trees[name].walk():
            kind = self._kinds.classes.get(tag_of(element))
            if element.tag == "SubTree":
                self._subtree(total, element)
            elif kind is not None:
                self._node(total, element, kind)
            for key, value in _writes(element, kind):
                total.writes.add(key)
                if value is not None:
                    total.constants.setdefault(key, {})[value.mark] = value
        for key in total.constants.keys() & total.readers.keys():
            for constant in total.constants[key].values():
                self._compare(constant, total.readers[key].values(), "", warning=True)
        self._summaries[name] = total
        return total

    def _node(self, total: TreeSummary, element: Element, kind: NodeClass) -> None:
        for port in () if has_free_ports(kind) else kind.PORTS:
            text = element.attributes.get(port.name)
            if text is None or port.direction is Direction.OUTPUT:
                continue
            key = key_of(text, port.name)
            label = f"<{tag_of(element)}> port '{port.name}'"
            if key is None:
                self._literal(element, port, text, label)
            elif port.direction is Direction.INPUT:
                total.readers.setdefault(key, {}).setdefault(id(port), _Reader(port, label))

    def _literal(self, element: Element, port: Port, text: str, label: str) -> None:
        try:
            wrong = port.refusal(convert(text, port.type), self._known)
        except ValueError:
            return  # reported by `trees.checking.nodes`
        if wrong:
            self.problems.append(element.problem(f"{label} is '{text}': {wrong}", port.name, warning=self._tolerant))

    def _subtree(self, total: TreeSummary, element: Element) -> None:
        tree_id = element.attributes.get("ID", "")
        if tree_id not in self._outline.trees:
            return
        inner, autoremap = self.summary(tree_id), remaps_all(element)
        inputs = subtree_inputs(element, self._outline.subtree_models)
        for name, each in inputs.items():
            if key_of(each.text, name) is None and name in inner.readers:
                constant = _Constant(typed_constant(each.text), each.element, each.attribute)
                where = f" of tree '{tree_id}'"
                self._compare(constant, inner.readers[name].values(), where, warning=name in inner.writes)
        for key, readers in inner.readers.items():
            self._work.spend(len(readers))
            if outer := outer_key(key, inputs, autoremap):
                total.readers[outer] = readers | total.readers.get(outer, {})
        for key in inner.writes:
            constants = inner.constants.get(key, {})
            self._work.spend(1 + len(constants))
            if outer := outer_key(key, inputs, autoremap):
                total.writes.add(outer)
                total.constants[outer] = constants | total.constants.get(outer, {})

    def _compare(self, constant: _Constant, readers: Iterable[_Reader], where: str, *, warning: bool) -> None:
        element, attribute = constant.element, constant.attribute
        for reader in readers:
            self._work.spend(1)
            wrong = refusal(constant.value, reader.port, self._known)
            if not wrong or (constant.mark, reader.label) in self._reported:
                continue
            self._reported.add((constant.mark, reader.label))
            value = f"{constant.value:.10g}" if isinstance(constant.value, float) else constant.value
            says = f"<{tag_of(element)}> '{attribute}' gives '{value}' to {reader.label}{where}"
            problem = element.problem(f"{says}: {wrong}", attribute, warning=warning or self._tolerant)
            self.problems.append(problem)


def _writes(element: Element, kind: NodeClass | None) -> Iterator[tuple[str, _Constant | None]]:
    """The keys that a node writes, each with its value if that is constant."""
    is_leaf = kind is None or issubclass(kind, Leaf)
    for attribute in (*CONDITIONS, *(() if is_leaf else SCRIPTS)):
        text = element.attributes.get(attribute, "")
        fixed = dict(_assigned(text)) if text else {}
        for key in script_writes(text):
            yield key, _Constant(fixed[key], element, attribute) if key in fixed else None
    if kind is None:
        return
    inputs = {port.name for port in kind.PORTS if port.direction is Direction.INPUT}
    for name, text in element.attributes.items():
        written = key_of(text, name)
        if written is not None and name not in inputs and is_port(name):
            yield written, None
    if not is_leaf:
        yield from _filled(element)


def _filled(element: Element) -> Iterator[tuple[str, _Constant]]:
    """The constants that a node of the language writes: the value of SetBlackboard, the queue of a loop."""
    if tag_of(element) == "SetBlackboard":
        source, key = "value", element.attributes.get("output_key", "").strip()
    else:
        source, key = "queue", key_of(element.attributes.get("value", ""), "value") or ""
    text = element.attributes.get(source, "")
    if not text or not key or key_of(text, source) is not None or key_of(key, "output_key") is not None:
        return
    for each in text.split(";") if source == "queue" else [text]:
        if each:
            yield key, _Constant(each, element, source)


def _assigned(text: str) -> Iterator[tuple[str, Any]]:
    """(key, value) of each assignment of a constant in a script."""
    try:
        statements = compile_script(text).statements
    except ScriptError:
        return
    for statement in statements:
        if isinstance(statement, Assignment) and statement.operator in (":=", "="):
            try:
                yield statement.name, statement.value.evaluate(Environment(Blackboard(), {}))
            except (ValueError, ContractError):
                continue
