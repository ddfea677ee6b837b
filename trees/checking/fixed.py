"""Values that the files fix, and the ports that they reach: literals, constants of SubTrees and of scripts, queues.

What a port would refuse at run time is told before: an error where the value certainly arrives, a warning where another
one may take its place. Every tree is summed up once, those it uses first, as in `trees.checking.flow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from trees.checking.flow import script_writes
from trees.checking.kinds import Kinds, NodeClass, tag_of
from trees.checking.nodes import SCRIPTS, has_free_ports, remaps_all
from trees.data.blackboard import Blackboard, typed_constant
from trees.data.literals import convert, fits, key_of
from trees.data.ports import NOTHING_KNOWN, Direction, Port, Vocabulary
from trees.data.wiring import read_as
from trees.engine.leaf import Leaf
from trees.errors import ContractError
from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS, RESERVED
from trees.reading.outline import Outline
from trees.script import ScriptError, compile_script
from trees.script.assignment import Assignment
from trees.script.expressions import Environment

MAX_WORK: Final = 300_000
"""Values and ports looked at in all before the rest is left to the run, with a warning."""


@dataclass(frozen=True)
class _Reader:
    """A port that reads a key. words: which one, for people."""

    port: Port
    words: str


@dataclass(frozen=True)
class _Constant:
    """A value that is written to a key by what the attribute of an element says."""

    value: Any
    element: Element
    attribute: str

    @property
    def mark(self) -> tuple[int, str, str]:
        return id(self.element), self.attribute, str(self.value)


@dataclass
class Sum:
    """What one tree does with its keys, with the trees below it. readers: the ports that read a key, each once."""

    readers: dict[str, dict[int, _Reader]] = field(default_factory=dict)
    constants: dict[str, dict[tuple[int, str, str], _Constant]] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)

    def ports(self, key: str) -> list[Port]:
        """The ports that read a key which this tree is handed in."""
        return [reader.port for reader in self.readers.get(key, {}).values()]


def literal_refusal(text: str, port: Port, known: Vocabulary = NOTHING_KNOWN) -> str:
    """Why a port does not take a literal, "" if it does."""
    try:
        return port.refusal(convert(text, port.type), known)
    except ValueError as error:
        return str(error)


def refusal(value: Any, port: Port, known: Vocabulary = NOTHING_KNOWN) -> str:
    """Why a port does not take a value from the blackboard, "" if it does."""
    try:
        return port.refusal(value if fits(value, port.type) else read_as(value, port.type), known)
    except ValueError as error:
        return str(error)


def check_fixed(
    out: Outline, kinds: Kinds, order: Iterable[str], known: Vocabulary = NOTHING_KNOWN, *, tolerant: bool = False
) -> list[Problem]:
    """The problems of all fixed values. tolerant: they are warnings. known: the names that are taken.

    order: the trees to look at, with those that they use; none contains itself.
    """
    looked = Fixed(out, kinds, known, tolerant=tolerant)
    try:
        for name in order:
            looked.sum(name)
    except _TooMuchWorkError:
        root = next(iter(out.heads.values()))
        looked.found.append(root.problem("so many values are handed on that they are not followed", warning=True))
    return looked.found


class _TooMuchWorkError(Exception):
    pass


class Fixed:
    """One pass over trees. found: the problems."""

    def __init__(self, out: Outline, kinds: Kinds, known: Vocabulary = NOTHING_KNOWN, *, tolerant: bool = True) -> None:
        self._out, self._kinds, self._known, self._tolerant = out, kinds, known, tolerant
        self._sums: dict[str, Sum] = {}
        self._told: set[tuple[tuple[int, str, str], str]] = set()
        self._work = 0
        self.found: list[Problem] = []

    def sum(self, name: str) -> Sum:
        """A tree summed up, with those that it uses."""
        if name in self._sums:
            return self._sums[name]
        total = Sum()
        for element in self._out.trees[name].walk():
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
        self._sums[name] = total
        return total

    def _node(self, total: Sum, element: Element, kind: NodeClass) -> None:
        for port in () if has_free_ports(kind) else kind.PORTS:
            text = element.attributes.get(port.name)
            if text is None or port.direction is Direction.OUTPUT:
                continue
            key = key_of(text, port.name)
            words = f"<{tag_of(element)}> port '{port.name}'"
            if key is None:
                self._literal(element, port, text, words)
            elif port.direction is Direction.INPUT:
                total.readers.setdefault(key, {}).setdefault(id(port), _Reader(port, words))

    def _literal(self, element: Element, port: Port, text: str, words: str) -> None:
        try:
            wrong = port.refusal(convert(text, port.type), self._known)
        except ValueError:
            return  # told where the node is checked
        if wrong:
            self.found.append(element.problem(f"{words} is '{text}': {wrong}", port.name, warning=self._tolerant))

    def _subtree(self, total: Sum, element: Element) -> None:
        wanted = element.attributes.get("ID", "")
        if wanted not in self._out.trees:
            return
        inner, everything = self.sum(wanted), remaps_all(element)
        given = {name: (text, element, name) for name, text in element.attributes.items() if _is_port(name)}
        model = self._out.subtree_models.get(wanted)
        for name, declared in model.ports.items() if model is not None and not everything else ():
            if "default" in declared.attributes:
                given.setdefault(name, (declared.attributes["default"], declared, "default"))
        for name, (text, place, attribute) in given.items():
            if key_of(text, name) is None and name in inner.readers:
                constant = _Constant(typed_constant(text), place, attribute)
                where = f" of tree '{wanted}'"
                self._compare(constant, inner.readers[name].values(), where, warning=name in inner.writes)
        for key, readers in inner.readers.items():
            self._spend(len(readers))
            if outer := _outer(key, given, everything):
                total.readers[outer] = readers | total.readers.get(outer, {})
        for key in inner.writes:
            constants = inner.constants.get(key, {})
            self._spend(1 + len(constants))
            if outer := _outer(key, given, everything):
                total.writes.add(outer)
                total.constants[outer] = constants | total.constants.get(outer, {})

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MAX_WORK:
            raise _TooMuchWorkError

    def _compare(self, constant: _Constant, readers: Iterable[_Reader], where: str, *, warning: bool) -> None:
        element, attribute = constant.element, constant.attribute
        for reader in readers:
            self._spend(1)
            wrong = refusal(constant.value, reader.port, self._known)
            if not wrong or (constant.mark, reader.words) in self._told:
                continue
            self._told.add((constant.mark, reader.words))
            value = f"{constant.value:.10g}" if isinstance(constant.value, float) else constant.value
            says = f"<{tag_of(element)}> '{attribute}' gives '{value}' to {reader.words}{where}"
            problem = element.problem(f"{says}: {wrong}", attribute, warning=warning or self._tolerant)
            self.found.append(problem)


def _is_port(attribute: str) -> bool:
    return attribute not in RESERVED and attribute[0].isalpha()


def _outer(key: str, given: dict[str, tuple[str, Element, str]], everything: bool) -> str:
    """The key outside that is `key` inside; "" if there is none."""
    if key.startswith("@"):
        return key
    if key in given:
        return key_of(given[key][0], key) or ""
    return key if everything and not key.startswith("_") else ""


def _writes(element: Element, kind: NodeClass | None) -> Iterator[tuple[str, _Constant | None]]:
    """The keys that a node writes, each with what it writes there where that is fixed."""
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
        if written is not None and name not in inputs and _is_port(name):
            yield written, None
    if not is_leaf:
        yield from _filled(element)


def _filled(element: Element) -> Iterator[tuple[str, _Constant]]:
    """What a node of the language writes of what its tag says: the value of SetBlackboard, the queue of a loop."""
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
    """(key, value) of each assignment of a script whose value does not depend on anything."""
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
