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
    reader = _Reader(strict=strict, tolerant=tolerant, problems=problems)
    for root in files.roots:
        reader.root(root)
    reader.outline.main = reader.choose_main(files, main)
    return reader.outline


class _Reader:
    """Collects what the files declare in `outline`. strict, tolerant, problems: see `read_outline`."""

    def __init__(self, *, strict: bool, tolerant: bool, problems: list[Problem]) -> None:
        self._strict, self._tolerant, self._problems = strict, tolerant, problems
        self.outline = Outline()

    def _add(self, element: Element, message: str, attribute: str = "", *, warning: bool = False) -> None:
        self._problems.append(element.problem(message, attribute, warning=warning))

    def root(self, root: Element) -> None:
        """Read one file."""
        self._check_format(root)
        for element in (root, *root.children):
            if element is root or element.tag in ("BehaviorTree", "include"):
                self._problems.extend(check_elsewhere(element, tolerant=self._tolerant))
        modelled = False
        number = 0
        for element in root.children:
            if element.tag == "BehaviorTree":
                self._tree(root, element, number)
                number += 1
            elif element.tag == "TreeNodesModel":
                if modelled:
                    self._add(element, "there is a second <TreeNodesModel>; at most one is allowed in a file")
                modelled = True
                for each in element.children:
                    self._model(each)
            elif element.tag not in _TOP:
                near = nearest(element.tag, _TOP)
                self._add(element, f"<{element.tag}> below <root> is ignored.{near}", warning=True)

    def _check_format(self, root: Element) -> None:
        written = root.attributes.get("BTCPP_format")
        if written == "4":
            return
        if written is None:
            message = f'<root> does not say BTCPP_format="4"; if it is of version 3: {DIFFERENCES}'
            self._add(root, message, warning=True)
        elif re.fullmatch(r"\s*4(\.[0-9.]*)?\s*", written):
            self._add(root, f"BTCPP_format is '{written}', expected 4", "BTCPP_format", warning=True)
        else:
            message = f"BTCPP_format is '{written}', expected 4"
            if re.fullmatch(r"\s*[0-3](\.[0-9.]*)?\s*", written):
                message += f"; {DIFFERENCES}"
            self._add(root, message, "BTCPP_format", warning=self._tolerant)

    def _tree(self, root: Element, element: Element, number: int) -> None:
        name = element.attributes.get("ID", "")
        if not name:
            if len(root.children) > 1:
                self._add(element, "<BehaviorTree> has no ID, and there is more than this in the file", "ID")
                return
            name = f"BehaviorTree_{number}"
        elif wrong := name_error(name):
            self._add(element, f"<BehaviorTree> {wrong}", "ID")
        elif " " in name:
            message = f"<BehaviorTree> ID '{name}' has a space, which BehaviorTree.CPP refuses since 4.8.4"
            self._add(element, message, "ID", warning=not self._strict)
        if len(element.children) != 1:
            count = len(element.children)
            self._add(element, f'<BehaviorTree ID="{name}"> has {count} children, expected 1')
            return
        if name in self.outline.trees:
            first = self.outline.heads[name]
            message = f"there is another tree with ID '{name}', in {first.file}:{first.line}; the last one counts"
            self._add(element, message, "ID", warning=self._tolerant)
        self.outline.heads[name], self.outline.trees[name] = element, element.children[0]

    def _model(self, element: Element) -> None:
        name = element.attributes.get("ID", "")
        if element.tag not in EXPLICIT:
            self._add(element, f"<{element.tag}> in a <TreeNodesModel> is ignored", warning=True)
            return
        if not name:
            self._add(element, f"<{element.tag}> in the <TreeNodesModel> has no ID", "ID")
            return
        if wrong := name_error(name):
            self._add(element, f"<{element.tag}> in the <TreeNodesModel>: {wrong}", "ID")
        elif self._strict and " " in name:
            self._add(element, f"<{element.tag}> ID '{name}' has a space", "ID")
        model = Model(element, element.tag)
        for port in element.children:
            if port.tag not in _PORTS:
                continue  # <MetadataFields> and other elements of editors
            port_name = port.attributes.get("name", "")
            if not port_name:
                self._add(port, f"<{port.tag}> has no name", "name")
            elif (wrong := port_name_error(port_name)) and element.tag == "SubTree":
                self._add(port, f"<{port.tag}> {wrong}", "name")
            else:
                model.ports[port_name] = port
        (self.outline.subtree_models if element.tag == "SubTree" else self.outline.models)[name] = model

    def choose_main(self, files: Files, main: str | None) -> str:
        """The ID of the tree to run, "" with a problem if there is none.

        In this order: `main`; the main tree of the first file that names one; the only tree of the first file; the only
        tree that no other uses, unless strict; the first tree, if tolerant.
        """
        if not files.entry_roots:
            return main or ""
        outline, first = self.outline, files.entry_roots[0]
        if main in outline.trees:
            return main
        if main is not None:
            message = f"there is no tree '{main}'.{nearest(main, outline.trees)} Trees: {listed(outline.trees)}"
            self._add(first, message)
            return ""
        for root in files.entry_roots:
            declared = root.attributes.get("main_tree_to_execute")
            if declared in outline.trees:
                return declared
            if declared:
                message = f"main_tree_to_execute is '{declared}', and there is no such tree."
                message += f"{nearest(declared, outline.trees)} Trees: {listed(outline.trees)}"
                self._add(root, message, "main_tree_to_execute")
                return ""
        own = [name for name, head in outline.heads.items() if head.source is first.source] or list(outline.heads)
        if len(own) == 1:
            return own[0]
        used = {element.attributes.get("ID", "") for tree in outline.trees.values() for element in tree.subtrees()}
        unused = [name for name in own if name not in used]
        if len(unused) == 1 and not self._strict and not self._tolerant:
            return unused[0]
        if own and self._tolerant:
            message = f"main_tree_to_execute is missing; the first tree, '{own[0]}', is taken. Trees: {listed(own)}"
            self._add(first, message, warning=True)
            return own[0]
        message = "main_tree_to_execute is missing; write it into <root>, or give --tree ID"
        self._add(first, f"{message}. Trees: {listed(outline.trees)}")
        return ""
