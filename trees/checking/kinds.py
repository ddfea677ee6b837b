"""Which class each node of the files is: a leaf, a control node, a plug-in's leaf, or a stub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trees.checking.stubs import Stubs, stub_class
from trees.engine.control import ControlNode
from trees.engine.leaf import Leaf
from trees.errors import TreeError
from trees.nodes import CONTROL_NODES
from trees.reading.elements import Element, Problem
from trees.reading.names import EXPLICIT, nearest
from trees.reading.outline import Outline
from trees.reading.version3 import renamed_node

MAX_TAGS = 1000
NodeClass = type[Leaf] | type[ControlNode]


def tag_of(element: Element) -> str:
    """What a node is: its tag, or its ID in the explicit form."""
    return element.attributes.get("ID", "") if element.tag in EXPLICIT and element.tag != "SubTree" else element.tag


@dataclass
class _Uses:
    """How a tag that is not known here is used."""

    explicit: str = ""
    fewest: int = 1_000_000
    most: int = 0

    def add(self, element: Element) -> None:
        if element.tag in EXPLICIT:
            self.explicit = self.explicit or element.tag
        self.fewest = min(self.fewest, len(element.children))
        self.most = max(self.most, len(element.children))

    def kind(self, modelled: str) -> str:
        if self.explicit or modelled:
            return self.explicit or modelled
        if self.most == 0:
            return "Action"
        return "Decorator" if self.most == self.fewest == 1 else "Control"


@dataclass
class Kinds:
    """classes: of every tag used in the files that is known, or stubbed; by these the files are checked.

    stubs: what takes the place of leaves that are known here, where nothing of ours may run.
    """

    classes: dict[str, NodeClass] = field(default_factory=dict)
    stubs: dict[str, NodeClass] = field(default_factory=dict)

    def __getitem__(self, tag: str) -> NodeClass:
        """The class to build."""
        return self.stubs.get(tag) or self.classes[tag]


def is_known(tag: str, leaves: Mapping[str, type[Leaf]]) -> bool:
    return tag in CONTROL_NODES or tag in leaves or tag == "SubTree"


def find_kinds(out: Outline, leaves: Mapping[str, type[Leaf]], stubs: Stubs | None, found: list[Problem]) -> Kinds:
    """The class of every tag. Tags that are not known are problems; with `stubs`, they become some of them."""
    kinds = Kinds()
    uses: dict[str, _Uses] = {}
    for tree in out.trees.values():
        for element in tree.walk():
            if element.tag == "SubTree" or (element.tag in EXPLICIT and not element.attributes.get("ID")):
                continue
            tag = tag_of(element)
            uses.setdefault(tag, _Uses()).add(element)
            if tag not in kinds.classes and is_known(tag, leaves):
                _add_known(kinds, tag, leaves, element, found)
    unknown = _unknown(out, leaves)
    for tree in out.trees.values():
        for element in tree.walk():
            tag = tag_of(element)
            if tag not in uses or is_known(tag, leaves):
                continue
            if stubs is None or tag in out.trees or renamed_node(tag):
                found.append(element.problem(unknown(tag), warning=stubs is not None and tag not in out.trees))
    if stubs is not None:
        _add_stubs(kinds, uses, out, stubs, found)
    return kinds


def _add_stubs(kinds: Kinds, uses: dict[str, _Uses], out: Outline, stubs: Stubs, found: list[Problem]) -> None:
    """Stubs for what is not known, and for leaves: one of another project may have the name of one of ours."""
    if len(uses) > MAX_TAGS:
        head = next(iter(out.heads.values()))
        found.append(head.problem(f"{len(uses)} different nodes are used; at most {MAX_TAGS} can be stubs"))
        return
    for tag, use in uses.items():
        known = kinds.classes.get(tag)
        if known is not None and not issubclass(known, Leaf):
            continue
        model = out.models.get(tag)
        if known is not None and use.most == 0:
            kinds.stubs[tag] = stub_class(tag, known.KIND, stubs)
        else:
            kinds.classes[tag] = stub_class(tag, use.kind(model.kind if model else ""), stubs)


def _add_known(
    kinds: Kinds, tag: str, leaves: Mapping[str, type[Leaf]], element: Element, found: list[Problem]
) -> None:
    try:
        kinds.classes[tag] = leaves[tag] if tag in leaves else CONTROL_NODES[tag]
    except TreeError as error:  # a plug-in that cannot be loaded
        found.append(element.problem(f"<{tag}>: {error}"))


def _unknown(out: Outline, leaves: Mapping[str, type[Leaf]]) -> Callable[[str], str]:
    """Words for an unknown tag; each tag's are made once, however often it is used."""
    words: dict[str, str] = {}

    def say(tag: str) -> str:
        if tag not in words:
            words[tag] = f"unknown node <{tag}>." + (
                f' There is a tree of this name: write <SubTree ID="{tag}"/>'
                if tag in out.trees
                else renamed_node(tag) or nearest(tag, [*CONTROL_NODES, *leaves, "SubTree"])
                if len(words) < 50
                else ""
            )
        return words[tag]

    return say
