"""What the files declare: trees by ID, models, and the main tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trees.reading.attributes import check_elsewhere
from trees.reading.elements import Element, Problem
from trees.reading.includes import Files
from trees.reading.names import EXPLICIT, listed, name_error, nearest, port_name_error
from trees.reading.version3 import DIFFERENCES

_TOP = ("BehaviorTree", "TreeNodesModel", "include")
_PORTS = {"input_port": "input", "output_port": "output", "inout_port": "inout"}


@dataclass
class Model:
    """A node as a TreeNodesModel declares it. kind: its tag there. ports: the element of each port, by name."""

    element: Element
    kind: str
    ports: dict[str, Element] = field(default_factory=dict)

    def direction(self, port: str) -> str:
        """input, output or inout."""
        return _PORTS[self.ports[port].tag]


@dataclass
class Outline:
    """What the files declare, by ID.

    trees: root node of each tree. heads: their <BehaviorTree> elements. subtree_models: models of trees. models: models
    of other nodes. main: ID of the main tree. stubs: IDs of trees that are not in the files and have a stub.
    """

    trees: dict[str, Element] = field(default_factory=dict)
    heads: dict[str, Element] = field(default_factory=dict)
    subtree_models: dict[str, Model] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    main: str = ""
    stubs: set[str] = field(default_factory=set)

    def add_stubs(self) -> None:
        """Add a tree that succeeds for each tree that a SubTree names and the files lack."""
        for tree in list(self.trees.values()):
            for element in tree.subtrees():
                tree_id = element.attributes.get("ID", "")
                if tree_id and tree_id not in self.trees:
                    self.stubs.add(tree_id)
                    self.trees[tree_id] = Element("AlwaysSuccess", {}, element.source, element.offset, {})


def read_outline(files: Files, main: str | None, *, strict: bool, tolerant: bool, problems: list[Problem]) -> Outline:
    """Read the level below <root> of every file.

    main: ID of the tree to run, None for the choice of the files. strict: refuse whatever 4.10 refuses. tolerant:
    accept whatever 4.10 accepts, with a warning where needed. problems: new ones are added to it.
    """
    outline = Outline()
    for root in files.roots:
        _read_root(outline, root, strict=strict, tolerant=tolerant, problems=problems)
    outline.main = _choose_main(outline, files, main, strict=strict, tolerant=tolerant, problems=problems)
    return outline


def _read_root(outline: Outline, root: Element, *, strict: bool, tolerant: bool, problems: list[Problem]) -> None:
    _check_format(root, tolerant=tolerant, problems=problems)
    for element in (root, *root.children):
        if element is root or element.tag in ("BehaviorTree", "include"):
            problems.extend(check_elsewhere(element, tolerant=tolerant))
    modelled = False
    number = 0
    for element in root.children:
        if element.tag == "BehaviorTree":
            _read_tree(outline, root, element, number, strict=strict, tolerant=tolerant, problems=problems)
            number += 1
        elif element.tag == "TreeNodesModel":
            if modelled:
                problems.append(element.problem("there is a second <TreeNodesModel>; at most one is allowed in a file"))
            modelled = True
            for each in element.children:
                _read_model(outline, each, strict=strict, problems=problems)
        elif element.tag not in _TOP:
            near = nearest(element.tag, _TOP)
            problems.append(element.problem(f"<{element.tag}> below <root> is ignored.{near}", warning=True))


def _check_format(root: Element, *, tolerant: bool, problems: list[Problem]) -> None:
    written = root.attributes.get("BTCPP_format")
    if written == "4":
        return
    if written is None:
        message = f'<root> does not say BTCPP_format="4"; if it is of version 3: {DIFFERENCES}'
        problems.append(root.problem(message, warning=True))
    elif re.fullmatch(r"\s*4(\.[0-9.]*)?\s*", written):
        problems.append(root.problem(f"BTCPP_format is '{written}', expected 4", "BTCPP_format", warning=True))
    else:
        message = f"BTCPP_format is '{written}', expected 4"
        if re.fullmatch(r"\s*[0-3](\.[0-9.]*)?\s*", written):
            message += f"; {DIFFERENCES}"
        problems.append(root.problem(message, "BTCPP_format", warning=tolerant))


def _read_tree(
    outline: Outline,
    root: Element,
    element: Element,
    number: int,
    *,
    strict: bool,
    tolerant: bool,
    problems: list[Problem],
) -> None:
    name = element.attributes.get("ID", "")
    if not name:
        if len(root.children) > 1:
            problems.append(element.problem("<BehaviorTree> has no ID, and there is more than this in the file", "ID"))
            return
        name = f"BehaviorTree_{number}"
    elif wrong := name_error(name):
        problems.append(element.problem(f"<BehaviorTree> {wrong}", "ID"))
    elif " " in name:
        message = f"<BehaviorTree> ID '{name}' has a space, which BehaviorTree.CPP refuses since 4.8.4"
        problems.append(element.problem(message, "ID", warning=not strict))
    if len(element.children) != 1:
        count = len(element.children)
        problems.append(element.problem(f'<BehaviorTree ID="{name}"> has {count} children, expected 1'))
        return
    if name in outline.trees:
        first = outline.heads[name]
        message = f"there is another tree with ID '{name}', in {first.file}:{first.line}; the last one counts"
        problems.append(element.problem(message, "ID", warning=tolerant))
    outline.heads[name], outline.trees[name] = element, element.children[0]


def _read_model(outline: Outline, element: Element, *, strict: bool, problems: list[Problem]) -> None:
    name = element.attributes.get("ID", "")
    if element.tag not in EXPLICIT:
        problems.append(element.problem(f"<{element.tag}> in a <TreeNodesModel> is ignored", warning=True))
        return
    if not name:
        problems.append(element.problem(f"<{element.tag}> in the <TreeNodesModel> has no ID", "ID"))
        return
    if wrong := name_error(name):
        problems.append(element.problem(f"<{element.tag}> in the <TreeNodesModel>: {wrong}", "ID"))
    elif strict and " " in name:
        problems.append(element.problem(f"<{element.tag}> ID '{name}' has a space", "ID"))
    model = Model(element, element.tag)
    for port in element.children:
        if port.tag not in _PORTS:
            continue  # <MetadataFields> and other elements of editors
        called = port.attributes.get("name", "")
        if not called:
            problems.append(port.problem(f"<{port.tag}> has no name", "name"))
        elif (wrong := port_name_error(called)) and element.tag == "SubTree":
            problems.append(port.problem(f"<{port.tag}> {wrong}", "name"))
        else:
            model.ports[called] = port
    (outline.subtree_models if element.tag == "SubTree" else outline.models)[name] = model


def _choose_main(
    outline: Outline, files: Files, main: str | None, *, strict: bool, tolerant: bool, problems: list[Problem]
) -> str:
    """The ID of the tree to run, "" with a problem if there is none.

    In this order: `main`; the main tree of the first file that names one; the only tree of the first file; the only
    tree that no other uses, unless strict; the first tree, if tolerant.
    """
    if not files.entry_roots:
        return main or ""
    first = files.entry_roots[0]
    for root in files.entry_roots:
        declared = root.attributes.get("main_tree_to_execute")
        if main is None and declared:
            if declared in outline.trees:
                return declared
            message = f"main_tree_to_execute is '{declared}', and there is no such tree."
            message += f"{nearest(declared, outline.trees)} Trees: {listed(outline.trees)}"
            problems.append(root.problem(message, "main_tree_to_execute"))
            return ""
    if main is not None:
        if main not in outline.trees:
            message = f"there is no tree '{main}'.{nearest(main, outline.trees)} Trees: {listed(outline.trees)}"
            problems.append(first.problem(message))
            return ""
        return main
    own = [name for name, head in outline.heads.items() if head.source is first.source] or list(outline.heads)
    if len(own) == 1:
        return own[0]
    used = {element.attributes.get("ID", "") for tree in outline.trees.values() for element in tree.subtrees()}
    unused = [name for name in own if name not in used]
    if len(unused) == 1 and not strict and not tolerant:
        return unused[0]
    if own and tolerant:
        message = f"main_tree_to_execute is missing; the first tree, '{own[0]}', is taken. Trees: {listed(own)}"
        problems.append(first.problem(message, warning=True))
        return own[0]
    message = "main_tree_to_execute is missing; write it into <root>, or give --tree ID"
    problems.append(first.problem(f"{message}. Trees: {listed(outline.trees)}"))
    return ""
