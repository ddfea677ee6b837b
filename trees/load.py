"""From a tree file to a checked document: which trees there are, what each node is, how its ports are wired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from trees.control import ControlNode
from trees.document import Element, Problem, TreeProblems, read_xml
from trees.expansion import check_expansion, subtrees
from trees.leaf import Leaf
from trees.literals import convert, key_of, type_name
from trees.nodes import CONTROL_NODES
from trees.ports import Direction, Port

EXPLICIT = ("Action", "Condition", "Control", "Decorator", "SubTree")
RESERVED = (
    "name", "ID", "_autoremap", "_failureIf", "_successIf", "_skipIf", "_while", "_onSuccess", "_onFailure",
    "_onHalted", "_post",
)  # fmt: skip
CONDITIONS = RESERVED[3:]
MAX_LISTED = 20
NodeClass = type[Leaf] | type[ControlNode]


@dataclass
class Document:
    """A file that can be built. main: the tree to run. trees: root node of each tree, by ID."""

    path: Path
    main: str
    trees: dict[str, Element]
    leaves: Mapping[str, type[Leaf]]
    problems: list[Problem] = field(default_factory=list)


def tag_of(element: Element) -> str:
    """What a node is: its tag, or its ID in the explicit form."""
    return element.attributes.get("ID", "") if element.tag in EXPLICIT and element.tag != "SubTree" else element.tag


def node_class(element: Element, leaves: Mapping[str, type[Leaf]]) -> NodeClass | None:
    tag = tag_of(element)
    return leaves.get(tag) or CONTROL_NODES.get(tag)


def load(path: Path | str, leaves: Mapping[str, type[Leaf]], main: str | None = None) -> Document:
    """Read and check a file. TreeProblems, a TreeError, with everything that is wrong in `problems`."""
    document = _read(Path(path), leaves, main)
    if document.problems:
        raise TreeProblems(document.problems)
    return document


def problems(path: Path | str, leaves: Mapping[str, type[Leaf]], main: str | None = None) -> list[Problem]:
    """Everything wrong with a file, in the order of the file; empty for a good one."""
    try:
        return _read(Path(path), leaves, main).problems
    except TreeProblems as error:
        return list(error.problems)


def _read(path: Path, leaves: Mapping[str, type[Leaf]], main: str | None) -> Document:
    root = read_xml(path)
    found: list[Problem] = []
    if root.tag != "root":
        raise TreeProblems([root.problem(f'the root element is <{root.tag}>, expected <root BTCPP_format="4">')])
    trees: dict[str, Element] = {}
    for element in root.children:
        if element.tag == "include":
            found.append(element.problem("<include> is not supported yet; put the trees into one file"))
        if element.tag != "BehaviorTree":
            continue
        name = element.attributes.get("ID", f"BehaviorTree_{len(trees) + 1}")
        if len(element.children) != 1:
            found.append(
                element.problem(f'<BehaviorTree ID="{name}"> has {len(element.children)} children, expected 1')
            )
        elif name in trees:
            found.append(element.problem(f"there is another tree with ID '{name}'"))
        else:
            trees[name] = element.children[0]
    chosen = main or root.attributes.get("main_tree_to_execute") or (next(iter(trees)) if len(trees) == 1 else "")
    if chosen not in trees:
        what = f"there is no tree '{chosen}'" if chosen else "main_tree_to_execute is missing"
        found.append(root.problem(f"{what}.{_nearest(chosen, trees)} Trees: {_listed(trees)}"))
    document = Document(path, chosen, trees, leaves, found)
    interfaces = _interfaces(trees)
    for name, tree in trees.items():
        _check_tree(document, name, tree, interfaces[name])
    found.extend(check_expansion(trees))
    found.sort(key=lambda problem: (problem.line, problem.column))
    return document


def _listed(choices: Mapping[str, object]) -> str:
    """The choices for a person: not more than fit."""
    names = list(choices)[:MAX_LISTED]
    more = f" and {len(choices) - MAX_LISTED} more" if len(choices) > MAX_LISTED else ""
    return (", ".join(names) or "none") + more


def _nearest(word: str, choices: Mapping[str, object]) -> str:
    near = get_close_matches(word, islice(choices, 10 * MAX_LISTED), 1, 0.6) if len(word) <= 80 else []
    return f" Did you mean '{near[0]}'?" if near else ""


def walk(element: Element) -> Iterator[Element]:
    """The element and all below it, in the order of the file."""
    yield element
    for child in element.children:
        yield from walk(child)


def _check_tree(document: Document, name: str, tree: Element, interface: set[str]) -> None:
    written: set[str] = set()
    read: list[tuple[str, Element, str]] = []
    named: dict[str, Element] = {}
    for element in walk(tree):
        if element.tag == "SubTree":
            first = named.setdefault(element.attributes.get("name", f"#{id(element)}"), element)
            if first is not element:
                message = f"<SubTree> has the name '{element.attributes['name']}' of the one in line {first.line}"
                document.problems.append(element.problem(f"{message}; their paths would be the same"))
            _check_subtree(document, element, written)
            continue
        kind = node_class(element, document.leaves)
        if kind is None:
            everything = {**CONTROL_NODES, **document.leaves, "SubTree": None}
            tag = tag_of(element)
            document.problems.append(element.problem(f"unknown node <{tag}>.{_nearest(tag, everything)}"))
            continue
        _check_children(document, element, kind)
        _check_ports(document, element, kind, written, read)
    for key, element, port in read:
        if key not in written and key not in interface and not key.startswith("@"):
            message = f"<{tag_of(element)}> port '{port}' reads {{{key}}}, which nothing in tree '{name}' writes"
            document.problems.append(element.problem(message))


def _interfaces(trees: Mapping[str, Element]) -> dict[str, set[str]]:
    """Keys that come into each tree from where it is used; all that it names do with _autoremap."""
    keys: dict[str, set[str]] = {name: set() for name in trees}
    remapped: set[str] = set()
    for tree in trees.values():
        for element in subtrees(tree):
            name = element.attributes.get("ID", "")
            if name in trees:
                keys[name].update(element.attributes)
                if element.attributes.get("_autoremap", "0").strip().lower() in ("1", "true"):
                    remapped.add(name)
    for name in remapped:
        texts = (text for element in walk(trees[name]) for text in element.attributes.values())
        keys[name].update(key for text in texts if (key := key_of(text, "")))
    return keys


def _check_subtree(document: Document, element: Element, written: set[str]) -> None:
    wanted = element.attributes.get("ID", "")
    if wanted not in document.trees:
        choices = _listed(document.trees)
        near = _nearest(wanted, document.trees)
        message = f"<SubTree> names tree '{wanted}', which is not in the file.{near} Trees: {choices}"
        document.problems.append(element.problem(message))
    if element.children:
        document.problems.append(element.problem("<SubTree> has children; its content is the tree that it names"))
    _check_conditions(document, element)
    for attribute, value in element.attributes.items():
        key = key_of(value, attribute)
        if attribute not in RESERVED and key is not None:
            written.add(key)  # the tree below may write it


def _check_conditions(document: Document, element: Element) -> None:
    """Conditions are refused, never ignored: a `_skipIf` that is not honoured could move the robot."""
    for attribute in CONDITIONS:
        if attribute in element.attributes:
            message = f"<{tag_of(element)}> uses '{attribute}', which is not supported yet"
            document.problems.append(element.problem(message))


def _check_children(document: Document, element: Element, kind: NodeClass) -> None:
    fewest, most = kind.CHILDREN if issubclass(kind, ControlNode) else (0, 0)
    have = len(element.children)
    if have < fewest or (most is not None and have > most):
        expected = (
            str(fewest) if most == fewest else f"{fewest} to {most}" if most is not None else f"at least {fewest}"
        )
        document.problems.append(element.problem(f"<{tag_of(element)}> has {have} children, expected {expected}"))


def _check_ports(
    document: Document, element: Element, kind: NodeClass, written: set[str], read: list[tuple[str, Element, str]]
) -> None:
    ports = {port.name: port for port in kind.PORTS}
    tag = tag_of(element)
    _check_conditions(document, element)
    for attribute, text in element.attributes.items():
        if attribute in RESERVED or not attribute[0].isalpha():
            continue
        port = ports.get(attribute)
        if port is None:
            choices = ", ".join(ports) or "none"
            message = f"<{tag}> has no port '{attribute}'.{_nearest(attribute, ports)} Ports: {choices}"
            document.problems.append(element.problem(message))
            continue
        key = key_of(text, attribute)
        if key is not None:
            if port.direction is not Direction.INPUT:
                written.add(key)
            if port.direction is not Direction.OUTPUT:
                read.append((key, element, attribute))
        elif port.direction is Direction.OUTPUT:
            message = f"<{tag}> port '{attribute}' is an output and needs a key in braces: {attribute}=\"{{{text}}}\""
            document.problems.append(element.problem(message))
        else:
            try:
                convert(text, port.type)
            except ValueError as error:
                document.problems.append(element.problem(f"<{tag}> port '{attribute}' is '{text}': {error}"))
    for port in ports.values():
        if port.required and port.name not in element.attributes:
            message = f"<{tag}> needs port '{port.name}' ({describe_port(port)})"
            document.problems.append(element.problem(message))


def describe_port(port: Port) -> str:
    unit = f" in {port.unit}" if port.unit else ""
    return f"{port.direction.value}, {type_name(port.type)}{unit}"
