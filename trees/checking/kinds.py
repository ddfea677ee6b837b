"""The class of each tag in the files: a leaf, a control node, a leaf of a plug-in, or a stub."""

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
    """The tag of a node; in the explicit form, `<Action ID="Grasp"/>`, its ID."""
    return element.attributes.get("ID", "") if element.tag in EXPLICIT and element.tag != "SubTree" else element.tag


@dataclass
class _Uses:
    """How the files use an unknown tag: its explicit kind, and the fewest and most children."""

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
    """classes: of every known or stubbed tag in the files, for the checks. stubs: replace known leaves when the tree is
    built, if none of ours may run."""

    classes: dict[str, NodeClass] = field(default_factory=dict)
    stubs: dict[str, NodeClass] = field(default_factory=dict)

    def __getitem__(self, tag: str) -> NodeClass:
        """The class to build."""
        return self.stubs.get(tag) or self.classes[tag]


def is_known(tag: str, leaves: Mapping[str, type[Leaf]]) -> bool:
    """True for a leaf, a node of the language, or SubTree."""
    return tag in CONTROL_NODES or tag in leaves or tag == "SubTree"


def find_kinds(
    outline: Outline, leaves: Mapping[str, type[Leaf]], stubs: Stubs | None, problems: list[Problem]
) -> Kinds:
    """The class of every tag. Unknown tags are added to `problems`; with `stubs` they become stubs."""
    kinds = Kinds()
    uses: dict[str, _Uses] = {}
    for tree in outline.trees.values():
        for element in tree.walk():
            if element.tag == "SubTree" or (element.tag in EXPLICIT and not element.attributes.get("ID")):
                continue
            tag = tag_of(element)
            uses.setdefault(tag, _Uses()).add(element)
            if tag not in kinds.classes and is_known(tag, leaves):
                try:
                    kinds.classes[tag] = leaves[tag] if tag in leaves else CONTROL_NODES[tag]
                except TreeError as error:  # a plug-in that cannot be loaded
                    problems.append(element.problem(f"<{tag}>: {error}"))
    unknown = _unknown(outline, leaves)
    for tree in outline.trees.values():
        for element in tree.walk():
            tag = tag_of(element)
            if tag not in uses or is_known(tag, leaves):
                continue
            if stubs is None or tag in outline.trees or renamed_node(tag):
                problems.append(element.problem(unknown(tag), warning=stubs is not None and tag not in outline.trees))
    if stubs is not None:
        _add_stubs(kinds, uses, outline, stubs, problems)
    return kinds


def _add_stubs(kinds: Kinds, uses: dict[str, _Uses], outline: Outline, stubs: Stubs, problems: list[Problem]) -> None:
    """Stubs for unknown tags, and for leaves: another project's leaf may have the name of one of ours."""
    if len(uses) > MAX_TAGS:
        head = next(iter(outline.heads.values()))
        problems.append(head.problem(f"{len(uses)} different nodes are used; at most {MAX_TAGS} can be stubs"))
        return
    for tag, use in uses.items():
        known = kinds.classes.get(tag)
        if known is not None and not issubclass(known, Leaf):
            continue
        model = outline.models.get(tag)
        if known is not None and use.most == 0:
            kinds.stubs[tag] = stub_class(tag, known.KIND, stubs)
        else:
            kinds.classes[tag] = stub_class(tag, use.kind(model.kind if model else ""), stubs)


def _unknown(outline: Outline, leaves: Mapping[str, type[Leaf]]) -> Callable[[str], str]:
    """Makes the message for an unknown tag, once for each tag."""
    messages: dict[str, str] = {}

    def message_for(tag: str) -> str:
        if tag not in messages:
            messages[tag] = f"unknown node <{tag}>." + (
                f' There is a tree of this name: write <SubTree ID="{tag}"/>'
                if tag in outline.trees
                else renamed_node(tag) or nearest(tag, [*CONTROL_NODES, *leaves, "SubTree"])
                if len(messages) < 50
                else ""
            )
        return messages[tag]

    return message_for
