"""Checks of attributes that would be ignored: misspelt conditions, those of version 3, those on the wrong element."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from trees.reading.elements import Element, Problem
from trees.reading.names import CONDITIONS, listed, nearest
from trees.reading.version3 import ATTRIBUTES as VERSION_3

METADATA: Final = frozenset({
    "_description", "_uid", "_fullpath", "_fullPath", "_collapsed", "_favorite", "_hardcoded", "_external",
    "_subtreeOnly",
})  # fmt: skip
"""Attributes of editors: Groot2, BehaviorTree.CPP's own writer, MoveIt Pro."""
OF_SUBTREES: Final = ("_autoremap",)
LANGUAGE: Final = (*CONDITIONS, *OF_SUBTREES)
_ELSEWHERE: Final = {
    "root": ("BTCPP_format", "main_tree_to_execute", "project_name"),
    "BehaviorTree": ("ID", "name"),
    "include": ("path", "ros_pkg"),
}
"""The attributes of elements other than nodes."""


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


_BARE: Final = {_bare(name): name for name in ("name", "ID", *LANGUAGE)}


def intended(attribute: str) -> str:
    """The attribute of the language that differs from this one in case and underscores only; "" for none."""
    name = VERSION_3.get(attribute) or _BARE.get(_bare(attribute), "")
    return "" if name == attribute else name


def check_attributes(element: Element, *, tolerant: bool) -> Iterator[Problem]:
    """The attributes of a node that begin with `_` and belong neither to the language nor to an editor. tolerant: they
    are warnings, because BehaviorTree.CPP ignores them."""
    tag = element.tag
    for attribute in element.attributes:
        if attribute in OF_SUBTREES and tag != "SubTree":
            message = f"<{tag}> has '{attribute}', which means something on a <SubTree> only"
            yield element.problem(message, attribute, warning=tolerant)
        elif attribute[0] == "_" and ":" not in attribute and attribute not in METADATA and attribute not in LANGUAGE:
            yield element.problem(_ignored(f"<{tag}>", attribute, LANGUAGE), attribute, warning=tolerant)


def check_subtree_words(element: Element, tree: Element, *, tolerant: bool) -> Iterator[Problem]:
    """The attributes of a SubTree that resemble words of the language and that its tree does not use."""
    for attribute in element.attributes:
        word = intended(attribute) if attribute[0].isalpha() else ""
        if word and not _mentions(tree, attribute):
            message = f"<SubTree> hands in '{attribute}', which its tree does not use. Did you mean '{word}'?"
            yield element.problem(message, attribute, warning=tolerant)


def check_elsewhere(element: Element, *, tolerant: bool) -> Iterator[Problem]:
    """The unknown attributes of <root>, <BehaviorTree> and <include>; conditions there are errors."""
    known = _ELSEWHERE[element.tag]
    for attribute in element.attributes:
        word = intended(attribute) or attribute
        if word in LANGUAGE:
            message = f"<{element.tag}> has '{attribute}', which means something on a node only"
            yield element.problem(message, attribute, warning=tolerant)
        elif attribute not in known and attribute not in METADATA and ":" not in attribute and attribute != "xmlns":
            yield element.problem(_ignored(f"<{element.tag}>", attribute, known), attribute, warning=True)


def _ignored(where: str, attribute: str, choices: Collection[str]) -> str:
    word = intended(attribute)
    near = f" Did you mean '{word}'?" if word in choices else nearest(attribute, choices)
    message = f"{where} has '{attribute}', which means nothing and would be ignored.{near}"
    if attribute in VERSION_3:
        return f"{message} It is of version 3"
    return message.removesuffix(".") if near else f"{message} Known: {listed(choices)}"


def _mentions(tree: Element, word: str) -> bool:
    """True if any attribute in the tree contains the word, in braces or in a script."""
    whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return any(whole.search(text) for each in tree.walk() for text in (*each.attributes, *each.attributes.values()))
