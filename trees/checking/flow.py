"""Which nodes write and read each key: inputs that nothing writes, and ports on one key whose types do not fit.

Every tree is summarised once, after the trees it uses: the keys that it writes, and those that it reads. A SubTree
looks its tree's summary up, so the work grows with the files, not with the expanded tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args, get_origin

from trees.checking.kinds import Kinds, tag_of
from trees.checking.nodes import SCRIPTS, has_free_ports
from trees.checking.subtree_ports import Input, TooMuchWorkError, WorkLimit, outer_key, remaps_all, subtree_inputs
from trees.data.literals import key_of, type_name
from trees.data.ports import Direction
from trees.engine.leaf import Leaf
from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS, RESERVED, nearest
from trees.reading.outline import Outline

_PLAIN: Final = frozenset({int, float, bool, str})
_TOKENS = re.compile(r"'[^']*'|\"[^\"]*\"|([A-Za-z_@]\w*)(\s*(?::=|[-+*/]=|=(?!=)))?|[^'\"A-Za-z_@]+|.", re.DOTALL)


@dataclass(frozen=True)
class _Use:
    """An attribute that reads or writes a key. type: None for any. label: for messages. unit: "" for none."""

    element: Element
    attribute: str
    type: Any
    label: str
    unit: str = ""


@dataclass
class _TreeSummary:
    """The keys of one tree, each with its first use of every type and unit. is_main: `@key` is its own `key`."""

    is_main: bool
    writes: dict[str, dict[Any, _Use]] = field(default_factory=dict)
    reads: dict[str, dict[Any, _Use]] = field(default_factory=dict)

    def add(self, where: dict[str, dict[Any, _Use]], key: str, use: _Use) -> None:
        if self.is_main:
            key = key.removeprefix("@")
        where.setdefault(key, {}).setdefault((use.type, use.unit), use)

    def needs(self) -> Iterator[str]:
        """Keys that are read here and not written here."""
        return (key for key in self.reads if key not in self.writes)


def script_writes(text: str) -> set[str]:
    """The keys that a script assigns."""
    return {match.group(1) for match in _TOKENS.finditer(text) if match.group(2)}


def check_flow(
    outline: Outline, kinds: Kinds, order: Iterable[str], *, tolerant: bool, strict: bool = False
) -> list[Problem]:
    """The problems of all keys.

    order: all trees, each after the trees it uses; none may contain itself. tolerant: they are warnings, because
    BehaviorTree.CPP 4.10 finds them only at run time. strict: two ports of different types on one key are an error even
    if text and numbers could be converted, as in 4.10.
    """
    flow = _Flow(outline, kinds, tolerant=tolerant, strict=strict)
    try:
        flow.run(order)
    except TooMuchWorkError:
        root = next(iter(outline.heads.values()))
        flow.problems.append(root.problem("so many keys are handed on that they are not followed", warning=True))
    return flow.problems


class _Flow:
    def __init__(self, outline: Outline, kinds: Kinds, *, tolerant: bool, strict: bool) -> None:
        self._outline, self._kinds, self._tolerant, self._strict = outline, kinds, tolerant, strict
        self._summaries: dict[str, _TreeSummary] = {}
        self._handed: set[tuple[str, str]] = set()
        """(tree, key) that a SubTree hands in."""
        self._missing: list[tuple[str, str, Element]] = []
        """(tree, key, SubTree) that the SubTree does not hand in although its tree reads the key."""
        self._reported: set[tuple[int, int]] = set()
        self._work = WorkLimit()
        self.problems: list[Problem] = []

    def run(self, order: Iterable[str]) -> None:
        for name in order:
            self._summary(name)
        main = self._summaries.get(self._outline.main)
        if main is not None:
            for key in main.needs():
                self._unwritten(self._outline.main, key, main)
        reported: set[tuple[str, str]] = set()
        for tree, key, element in self._missing:
            if (tree, key) in self._handed:
                message = f"<SubTree> does not hand in '{key}', which tree '{tree}' reads and does not write"
                self.problems.append(element.problem(f'{message}: {key}="{{...}}"', warning=self._tolerant))
            elif (tree, key) not in reported:
                reported.add((tree, key))
                self._unwritten(tree, key, self._summaries[tree])

    def _unwritten(self, tree: str, key: str, of: _TreeSummary) -> None:
        use = next(iter(of.reads[key].values()))
        near = nearest(key, of.writes)
        message = f"{use.label} reads {{{key}}}, which nothing in tree '{tree}' writes.{near}"
        self.problems.append(use.element.problem(message.removesuffix("."), use.attribute, warning=self._tolerant))

    def _summary(self, name: str) -> _TreeSummary:
        if name in self._summaries:
            return self._summaries[name]
        total = _TreeSummary(name == self._outline.main)
        for element in self._outline.trees[name].walk():
            for attribute in (*CONDITIONS, *SCRIPTS):
                text = element.attributes.get(attribute)
                if text and (attribute in CONDITIONS or not self._is_leaf(element)):
                    for key in script_writes(text):
                        total.add(total.writes, key, _Use(element, attribute, None, f"'{attribute}'"))
            if element.tag == "SubTree":
                self._subtree(total, element)
            else:
                self._node(total, element)
        self._work.spend(len(total.reads) + len(total.writes))
        for key in total.reads.keys() & total.writes.keys():
            self._compare(key, total)
        self._differing(total.writes, "writes", warning=not self._strict)
        self._differing(total.reads, "reads", warning=False if self._strict else None)
        self._summaries[name] = total
        return total

    def _is_leaf(self, element: Element) -> bool:
        kind = self._kinds.classes.get(tag_of(element))
        return kind is not None and issubclass(kind, Leaf)

    def _node(self, total: _TreeSummary, element: Element) -> None:
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
            if value is None or port.is_omitted(value):
                continue
            key = key_of(value, port.name)
            use = _Use(element, port.name, port.type, f"<{tag}> port '{port.name}'", port.unit)
            if key is None:
                if port.direction is not Direction.INPUT and not self._is_leaf(element):
                    total.add(total.writes, value.strip(), _Use(element, port.name, None, use.label))  # a bare key
            else:
                total.add(total.reads if port.direction is Direction.INPUT else total.writes, key, use)

    def _subtree(self, total: _TreeSummary, element: Element) -> None:
        tree_id = element.attributes.get("ID", "")
        if tree_id not in self._outline.trees:
            return
        inner = self._summary(tree_id)
        inputs, autoremap = subtree_inputs(element, self._outline.subtree_models), remaps_all(element)
        self._lost_outputs(element, tree_id, inputs, inner)
        self._work.spend(len(inner.reads) + len(inner.writes))
        for key, uses in inner.writes.items():
            outer = outer_key(key, inputs, autoremap)
            if outer:
                for use in uses.values():
                    label = f"{use.label} of tree '{tree_id}'"
                    total.add(total.writes, outer, _Use(element, key, use.type, label, use.unit))
        for key in inner.needs():
            outer = outer_key(key, inputs, autoremap)
            if outer is None:
                self._missing.append((tree_id, key, element))
                continue
            self._handed.add((tree_id, key))
            for use in inner.reads[key].values() if outer else ():
                label = f"<SubTree> port '{key}': tree '{tree_id}'"
                total.add(total.reads, outer, _Use(element, key, use.type, label, use.unit))

    def _lost_outputs(self, element: Element, tree_id: str, inputs: Mapping[str, Input], inner: _TreeSummary) -> None:
        """Report outputs of a subtree that are set to a constant: their values do not leave the subtree."""
        model = self._outline.subtree_models.get(tree_id)
        for key, text in element.attributes.items():
            if key not in inputs or key_of(text, key) is not None:
                continue
            direction = model.direction(key) if model is not None and key in model.ports else ""
            written = any(not use.label.startswith("'") for use in inner.writes.get(key, {}).values())
            only_written = not direction and written and key not in inner.reads
            if direction == "output" or only_written or direction == "inout" or (written and not direction):
                message = f"<SubTree> port '{key}' is an output of tree '{tree_id}' and needs a key in braces, or the "
                message += f'value is lost: {key}="{{{text}}}"'
                warning = self._tolerant or not (direction == "output" or only_written)
                self.problems.append(element.problem(message, key, warning=warning))

    def _differing(self, where: dict[str, dict[Any, _Use]], verb: str, *, warning: bool | None) -> None:
        """Report two ports that both write, or both read, one key with types that share no value.

        warning: whether it is a warning if one of the types is text, which can be converted; None reports nothing then.
        """
        for key, uses in where.items():
            first, *others = uses.values()
            for other in others:
                if share_values(first.type, other.type):
                    continue
                convertible = str in (first.type, other.type) and {first.type, other.type} <= _PLAIN
                if convertible and warning is None:
                    continue
                types = f"{type_name(other.type)}, but {first.label} in {first.element.seen_from(other.element)}"
                message = f"{other.label} {verb} {{{key}}} as {types} {verb} it as {type_name(first.type)}"
                softened = self._tolerant or (convertible and bool(warning))
                self.problems.append(other.element.problem(message, other.attribute, warning=softened))
                break

    def _compare(self, key: str, total: _TreeSummary) -> None:
        for read in total.reads[key].values():
            for written in total.writes[key].values():
                pair = (id(written.element), id(read.element))
                fits = assignable(read.type, written.type)
                same = read.unit == written.unit or not (read.unit and written.unit)
                if (fits and same) or pair in self._reported:
                    continue
                self._reported.add(pair)
                reads, writes = type_name(read.type), type_name(written.type)
                if fits:
                    reads, writes = f"a value in {read.unit}", f"one in {written.unit}"
                what = f"{read.label} reads {{{key}}} as {reads}"
                by = f"{written.label} in {written.element.seen_from(read.element)} writes {writes}"
                warning = self._tolerant or fits
                self.problems.append(read.element.problem(f"{what}, but {by}", read.attribute, warning=warning))


def share_values(first: Any, second: Any) -> bool:
    """True if a value can have both types without converting a text."""
    if str in (first, second) and first != second:
        return None in (first, second) or object in (first, second)
    return assignable(first, second) or assignable(second, first)


def assignable(reader: Any, writer: Any) -> bool:
    """True if a port of type `reader` can read what one of type `writer` writes. Text can be converted to anything."""
    if reader in (None, Any, object) or writer in (None, Any, object, str) or reader == writer:
        return True
    if get_origin(reader) is tuple and get_origin(writer) is tuple:
        return assignable(get_args(reader)[0], get_args(writer)[0])
    if not (isinstance(reader, type) and isinstance(writer, type)):
        return False
    return issubclass(writer, reader) or (reader is float and writer is int) or issubclass(reader, writer)
