"""Who writes and who reads each key: inputs that nobody writes, and two ports on one key whose types do not fit.

Every tree is summed up once, those it uses first: which keys it writes, and which it reads without writing them.
What a SubTree hands in or out is looked up in the sum of its tree, so the work follows the files, not the expansion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, get_args, get_origin

from trees.checking.kinds import Kinds, tag_of
from trees.checking.nodes import SCRIPTS, has_free_ports, remaps_all
from trees.data.literals import key_of, type_name
from trees.data.ports import Direction
from trees.engine.leaf import Leaf
from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS, RESERVED, nearest
from trees.reading.outline import Outline

MAX_WORK: Final = 300_000
"""Keys looked at in all before the wiring is left unchecked, with a warning."""
_PLAIN: Final = frozenset({int, float, bool, str})
_TOKENS = re.compile(r"'[^']*'|\"[^\"]*\"|([A-Za-z_@]\w*)(\s*(?::=|[-+*/]=|=(?!=)))?|[^'\"A-Za-z_@]+|.", re.DOTALL)


@dataclass(frozen=True)
class _Use:
    """A place that reads or writes a key. type: None where any fits. words: what it is. unit: "" if none."""

    element: Element
    attribute: str
    type: Any
    words: str
    unit: str = ""


@dataclass
class _Sum:
    """What one tree does with its keys: each with its first use of every type. is_main: `@key` is its own `key`."""

    is_main: bool
    writes: dict[str, dict[Any, _Use]] = field(default_factory=dict)
    reads: dict[str, dict[Any, _Use]] = field(default_factory=dict)

    def add(self, where: dict[str, dict[Any, _Use]], key: str, use: _Use) -> None:
        if self.is_main:
            key = key.removeprefix("@")
        where.setdefault(key, {}).setdefault((use.type, use.unit), use)

    def needs(self) -> Iterator[str]:
        """Keys that are read here and written elsewhere."""
        return (key for key in self.reads if key not in self.writes)


def script_writes(text: str) -> set[str]:
    """The keys that a script assigns."""
    return {match.group(1) for match in _TOKENS.finditer(text) if match.group(2)}


def check_flow(
    out: Outline, kinds: Kinds, order: Iterable[str], *, tolerant: bool, strict: bool = False
) -> list[Problem]:
    """The problems of all keys. tolerant: they are warnings, as 4.10 finds them only when it runs. strict: two ports of
    different types on one key are a problem also where text and numbers can become each other, as in 4.10.

    order: all trees, which must not contain themselves, each after those it uses.
    """
    flow = _Flow(out, kinds, tolerant=tolerant, strict=strict)
    try:
        flow.run(order)
    except _TooMuchWorkError:
        root = next(iter(out.heads.values()))
        flow.found.append(root.problem("so many keys are handed on that they are not followed", warning=True))
    return flow.found


class _TooMuchWorkError(Exception):
    pass


class _Flow:
    def __init__(self, out: Outline, kinds: Kinds, *, tolerant: bool, strict: bool) -> None:
        self._out, self._kinds, self._tolerant, self._strict = out, kinds, tolerant, strict
        self._sums: dict[str, _Sum] = {}
        self._handed: set[tuple[str, str]] = set()
        """(tree, key) that some SubTree hands in."""
        self._missing: list[tuple[str, str, Element]] = []
        """(tree, key, SubTree) that it does not hand in, though the tree reads it."""
        self._told: set[tuple[int, int]] = set()
        self._work = 0
        self.found: list[Problem] = []

    def run(self, order: Iterable[str]) -> None:
        for name in order:
            self._sum(name)
        main = self._sums.get(self._out.main)
        if main is not None:
            for key in main.needs():
                self._nobody(self._out.main, key, main)
        told: set[tuple[str, str]] = set()
        for tree, key, element in self._missing:
            if (tree, key) in self._handed:
                message = f"<SubTree> does not hand in '{key}', which tree '{tree}' reads and does not write"
                self._report(element.problem(f'{message}: {key}="{{...}}"', warning=self._tolerant))
            elif (tree, key) not in told:
                told.add((tree, key))
                self._nobody(tree, key, self._sums[tree])

    def _report(self, problem: Problem) -> None:
        self.found.append(problem)

    def _nobody(self, tree: str, key: str, of: _Sum) -> None:
        use = next(iter(of.reads[key].values()))
        near = nearest(key, of.writes)
        message = f"{use.words} reads {{{key}}}, which nothing in tree '{tree}' writes.{near}"
        self._report(use.element.problem(message.removesuffix("."), use.attribute, warning=self._tolerant))

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MAX_WORK:
            raise _TooMuchWorkError

    def _sum(self, name: str) -> _Sum:
        if name in self._sums:
            return self._sums[name]
        total = _Sum(name == self._out.main)
        for element in self._out.trees[name].walk():
            for attribute in (*CONDITIONS, *SCRIPTS):
                text = element.attributes.get(attribute)
                if text and (attribute in CONDITIONS or not self._is_leaf(element)):
                    for key in script_writes(text):
                        total.add(total.writes, key, _Use(element, attribute, None, f"'{attribute}'"))
            if element.tag == "SubTree":
                self._subtree(total, element)
            else:
                self._node(total, element)
        self._spend(len(total.reads) + len(total.writes))
        for key in total.reads.keys() & total.writes.keys():
            self._compare(key, total)
        self._differing(total.writes, "writes", warning=not self._strict)
        self._differing(total.reads, "reads", warning=False if self._strict else None)
        self._sums[name] = total
        return total

    def _is_leaf(self, element: Element) -> bool:
        kind = self._kinds.classes.get(tag_of(element))
        return kind is not None and issubclass(kind, Leaf)

    def _node(self, total: _Sum, element: Element) -> None:
        tag = tag_of(element)
        kind = self._kinds.classes.get(tag)
        if kind is None or has_free_ports(kind):
            for attribute, text in element.attributes.items():
                key = key_of(text, attribute)
                if key is not None and attribute not in RESERVED:
                    total.add(total.writes, key, _Use(element, attribute, None, f"<{tag}>"))
            return
        for port in kind.PORTS:
            value = element.attributes.get(port.name)
            if value is None or port.is_left_out(value):
                continue
            key = key_of(value, port.name)
            use = _Use(element, port.name, port.type, f"<{tag}> port '{port.name}'", port.unit)
            if key is None:
                if port.direction is not Direction.INPUT and not self._is_leaf(element):
                    total.add(total.writes, value.strip(), _Use(element, port.name, None, use.words))  # a bare key
            else:
                total.add(total.reads if port.direction is Direction.INPUT else total.writes, key, use)

    def _subtree(self, total: _Sum, element: Element) -> None:
        wanted = element.attributes.get("ID", "")
        if wanted not in self._out.trees:
            return
        inner = self._sum(wanted)
        given = {name: text for name, text in element.attributes.items() if name not in RESERVED and name[0].isalpha()}
        everything = remaps_all(element)
        model = self._out.subtree_models.get(wanted)
        if model is not None and not everything:
            for port, declared in model.ports.items():
                if "default" in declared.attributes:
                    given.setdefault(port, declared.attributes["default"])
        self._lost(element, wanted, given, inner)
        self._spend(len(inner.reads) + len(inner.writes))
        for key, uses in inner.writes.items():
            outer = self._outer(key, given, everything)
            if outer:
                for use in uses.values():
                    words = f"{use.words} of tree '{wanted}'"
                    total.add(total.writes, outer, _Use(element, key, use.type, words, use.unit))
        for key in inner.needs():
            outer = self._outer(key, given, everything)
            if outer is None:
                self._missing.append((wanted, key, element))
                continue
            self._handed.add((wanted, key))
            for use in inner.reads[key].values() if outer else ():
                words = f"<SubTree> port '{key}': tree '{wanted}'"
                total.add(total.reads, outer, _Use(element, key, use.type, words, use.unit))

    def _lost(self, element: Element, wanted: str, given: dict[str, str], inner: _Sum) -> None:
        """Outputs of a subtree that are given a text: what it writes stays in it."""
        model = self._out.subtree_models.get(wanted)
        for key, text in given.items():
            if key_of(text, key) is not None or key not in element.attributes:
                continue
            direction = model.direction(key) if model is not None and key in model.ports else ""
            written = any(not use.words.startswith("'") for use in inner.writes.get(key, {}).values())
            only_written = not direction and written and key not in inner.reads
            if direction == "output" or only_written or direction == "inout" or (written and not direction):
                message = f"<SubTree> port '{key}' is an output of tree '{wanted}' and needs a key in braces, or the "
                message += f'value is lost: {key}="{{{text}}}"'
                warning = self._tolerant or not (direction == "output" or only_written)
                self._report(element.problem(message, key, warning=warning))

    def _differing(self, where: dict[str, dict[Any, _Use]], verb: str, *, warning: bool | None) -> None:
        """Two ports that write one key, or read it, as types of which no value can be both.

        warning: what it is where one is a text, which can become the other; None for nothing.
        """
        for key, uses in where.items():
            first, *others = uses.values()
            for other in others:
                if fit(first.type, other.type):
                    continue
                convertible = str in (first.type, other.type) and {first.type, other.type} <= _PLAIN
                if convertible and warning is None:
                    continue
                types = f"{type_name(other.type)}, but {first.words} in {first.element.seen_from(other.element)}"
                message = f"{other.words} {verb} {{{key}}} as {types} {verb} it as {type_name(first.type)}"
                softened = self._tolerant or (convertible and bool(warning))
                self._report(other.element.problem(message, other.attribute, warning=softened))
                break

    @staticmethod
    def _outer(key: str, given: dict[str, str], everything: bool) -> str | None:
        """The key outside that is `key` inside; "" for a constant, None if there is none."""
        if key.startswith("@"):
            return key
        if key in given:
            return key_of(given[key], key) or ""
        return key if everything and not key.startswith("_") else None

    def _compare(self, key: str, total: _Sum) -> None:
        for read in total.reads[key].values():
            for written in total.writes[key].values():
                pair = (id(written.element), id(read.element))
                fits = may_hold(read.type, written.type)
                same = read.unit == written.unit or not (read.unit and written.unit)
                if (fits and same) or pair in self._told:
                    continue
                self._told.add(pair)
                reads, writes = type_name(read.type), type_name(written.type)
                if fits:
                    reads, writes = f"a value in {read.unit}", f"one in {written.unit}"
                what = f"{read.words} reads {{{key}}} as {reads}"
                by = f"{written.words} in {written.element.seen_from(read.element)} writes {writes}"
                warning = self._tolerant or fits
                self._report(read.element.problem(f"{what}, but {by}", read.attribute, warning=warning))


def fit(one: Any, other: Any) -> bool:
    """True if there are values of both types, without turning a text into something."""
    if str in (one, other) and one != other:
        return None in (one, other) or object in (one, other)
    return may_hold(one, other) or may_hold(other, one)


def may_hold(reader: Any, writer: Any) -> bool:
    """True if what a port of type `writer` writes can be read by one of type `reader`. Text can become anything."""
    if reader in (None, Any, object) or writer in (None, Any, object, str) or reader == writer:
        return True
    if get_origin(reader) is tuple and get_origin(writer) is tuple:
        return may_hold(get_args(reader)[0], get_args(writer)[0])
    if not (isinstance(reader, type) and isinstance(writer, type)):
        return False
    return issubclass(writer, reader) or (reader is float and writer is int) or issubclass(reader, writer)
