"""What the files declare: trees by ID, models, which tree is the main one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from trees.reading.attributes import check_elsewhere
from trees.reading.elements import Element, Problem
from trees.reading.includes import Files
from trees.reading.names import EXPLICIT, bad_name, bad_port_name, listed, nearest
from trees.reading.version3 import DIFFERENCES

_TOP = ("BehaviorTree", "TreeNodesModel", "include")
_PORTS = {"input_port": "input", "output_port": "output", "inout_port": "inout"}


@dataclass
class Model:
    """A node as a TreeNodesModel declares it. ports: name -> its element; direction by the element's tag."""

    element: Element
    kind: str
    ports: dict[str, Element] = field(default_factory=dict)

    def direction(self, port: str) -> str:
        return _PORTS[self.ports[port].tag]


@dataclass
class Outline:
    """trees: root node of each tree. heads: their <BehaviorTree> elements. models: by ID; those of SubTrees apart.

    stubs: IDs of trees that are used and not in the files, but have a stand-in.
    """

    trees: dict[str, Element] = field(default_factory=dict)
    heads: dict[str, Element] = field(default_factory=dict)
    subtree_models: dict[str, Model] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    main: str = ""
    stubs: set[str] = field(default_factory=set)

    def add_stubs(self) -> None:
        """A tree that succeeds for every one that a SubTree names and that is not in the files."""
        for tree in list(self.trees.values()):
            for element in tree.walk():
                wanted = element.attributes.get("ID", "")
                if element.tag == "SubTree" and wanted and wanted not in self.trees:
                    self.stubs.add(wanted)
                    self.trees[wanted] = Element("AlwaysSuccess", {}, element.source, element.offset, {})


def outline(files: Files, main: str | None, *, strict: bool, tolerant: bool, found: list[Problem]) -> Outline:
    """Read the level below <root> of every file. Problems go to `found`.

    strict: what 4.10 refuses is refused. tolerant: what 4.10 takes is taken, if need be with a warning.
    """
    out = Outline()
    for root in files.roots:
        _read_root(out, root, strict=strict, tolerant=tolerant, found=found)
    out.main = _choose_main(out, files, main, strict=strict, tolerant=tolerant, found=found)
    return out


def _read_root(out: Outline, root: Element, *, strict: bool, tolerant: bool, found: list[Problem]) -> None:
    _check_format(root, tolerant=tolerant, found=found)
    for element in (root, *root.children):
        if element is root or element.tag in ("BehaviorTree", "include"):
            found.extend(check_elsewhere(element, tolerant=tolerant))
    modelled = False
    number = 0
    for element in root.children:
        if element.tag == "BehaviorTree":
            _read_tree(out, root, element, number, strict=strict, tolerant=tolerant, found=found)
            number += 1
        elif element.tag == "TreeNodesModel":
            if modelled:
                found.append(element.problem("there is a second <TreeNodesModel>; at most one is allowed in a file"))
            modelled = True
            for each in element.children:
                _read_model(out, each, strict=strict, found=found)
        elif element.tag not in _TOP:
            near = nearest(element.tag, _TOP)
            found.append(element.problem(f"<{element.tag}> below <root> is ignored.{near}", warning=True))


def _check_format(root: Element, *, tolerant: bool, found: list[Problem]) -> None:
    written = root.attributes.get("BTCPP_format")
    if written == "4":
        return
    if written is None:
        message = f'<root> does not say BTCPP_format="4"; if it is of version 3: {DIFFERENCES}'
        found.append(root.problem(message, warning=True))
    elif re.fullmatch(r"\s*4(\.[0-9.]*)?\s*", written):
        found.append(root.problem(f"BTCPP_format is '{written}', expected 4", "BTCPP_format", warning=True))
    else:
        message = f"BTCPP_format is '{written}', expected 4"
        if re.fullmatch(r"\s*[0-3](\.[0-9.]*)?\s*", written):
            message += f"; {DIFFERENCES}"
        found.append(root.problem(message, "BTCPP_format", warning=tolerant))


def _read_tree(
    out: Outline, root: Element, element: Element, number: int, *, strict: bool, tolerant: bool, found: list[Problem]
) -> None:
    name = element.attributes.get("ID", "")
    if not name:
        if len(root.children) > 1:
            found.append(element.problem("<BehaviorTree> has no ID, and there is more than this in the file", "ID"))
            return
        name = f"BehaviorTree_{number}"
    elif wrong := bad_name(name):
        found.append(element.problem(f"<BehaviorTree> {wrong}", "ID"))
    elif " " in name:
        message = f"<BehaviorTree> ID '{name}' has a space, which BehaviorTree.CPP refuses since 4.8.4"
        found.append(element.problem(message, "ID", warning=not strict))
    if len(element.children) != 1:
        count = len(element.children)
        found.append(element.problem(f'<BehaviorTree ID="{name}"> has {count} children, expected 1'))
        return
    if name in out.trees:
        first = out.heads[name]
        message = f"there is another tree with ID '{name}', in {first.file}:{first.line}; the last one counts"
        found.append(element.problem(message, "ID", warning=tolerant))
    out.heads[name], out.trees[name] = element, element.children[0]


def _read_model(out: Outline, element: Element, *, strict: bool, found: list[Problem]) -> None:
    name = element.attributes.get("ID", "")
    if element.tag not in EXPLICIT:
        found.append(element.problem(f"<{element.tag}> in a <TreeNodesModel> is ignored", warning=True))
        return
    if not name:
        found.append(element.problem(f"<{element.tag}> in the <TreeNodesModel> has no ID", "ID"))
        return
    if wrong := bad_name(name):
        found.append(element.problem(f"<{element.tag}> in the <TreeNodesModel>: {wrong}", "ID"))
    elif strict and " " in name:
        found.append(element.problem(f"<{element.tag}> ID '{name}' has a space", "ID"))
    model = Model(element, element.tag)
    for port in element.children:
        if port.tag not in _PORTS:
            continue  # <MetadataFields> and what else editors put here
        called = port.attributes.get("name", "")
        if not called:
            found.append(port.problem(f"<{port.tag}> has no name", "name"))
        elif (wrong := bad_port_name(called)) and element.tag == "SubTree":
            found.append(port.problem(f"<{port.tag}> {wrong}", "name"))
        else:
            model.ports[called] = port
    (out.subtree_models if element.tag == "SubTree" else out.models)[name] = model


def _choose_main(
    out: Outline, files: Files, main: str | None, *, strict: bool, tolerant: bool, found: list[Problem]
) -> str:
    """The ID of the tree to run, "" with a problem if there is none.

    The one asked for; what the first file that says so calls main; the only one of the first file; the only one that
    no other uses (not if strict); the first (if tolerant).
    """
    if not files.given:
        return main or ""
    first = files.given[0]
    for root in files.given:
        said = root.attributes.get("main_tree_to_execute")
        if main is None and said:
            if said in out.trees:
                return said
            message = f"main_tree_to_execute is '{said}', and there is no such tree.{nearest(said, out.trees)}"
            found.append(root.problem(f"{message} Trees: {listed(out.trees)}", "main_tree_to_execute"))
            return ""
    if main is not None:
        if main not in out.trees:
            message = f"there is no tree '{main}'.{nearest(main, out.trees)} Trees: {listed(out.trees)}"
            found.append(first.problem(message))
            return ""
        return main
    own = [name for name, head in out.heads.items() if head.source is first.source] or list(out.heads)
    if len(own) == 1:
        return own[0]
    used = _used(out.trees)
    unused = [name for name in own if name not in used]
    if len(unused) == 1 and not strict and not tolerant:
        return unused[0]
    if own and tolerant:
        message = f"main_tree_to_execute is missing; the first tree, '{own[0]}', is taken. Trees: {listed(own)}"
        found.append(first.problem(message, warning=True))
        return own[0]
    message = "main_tree_to_execute is missing; write it into <root>, or give --tree ID"
    found.append(first.problem(f"{message}. Trees: {listed(out.trees)}"))
    return ""


def _used(trees: Mapping[str, Element]) -> Collection[str]:
    return {
        element.attributes.get("ID", "")
        for tree in trees.values()
        for element in tree.walk()
        if element.tag == "SubTree"
    }
