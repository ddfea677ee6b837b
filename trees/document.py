"""A checked document: the trees of its files, what each node is, and what the main tree becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trees.checking.fixed import Fixed, check_fixed
from trees.checking.kinds import Kinds, NodeClass, tag_of
from trees.checking.nodes import wrong_count
from trees.checking.stubs import Stubs, malformed_class
from trees.data.ports import Port, Vocabulary
from trees.engine.leaf import Leaf
from trees.paths import above_root
from trees.reading.elements import Element, Problem, TreeProblems
from trees.reading.outline import Model, Outline

NodeRow = tuple[int, str, str, str, str]
"""(uid, kind, registration, name, full path)."""


@dataclass
class Document:
    """Files that can be built. path: the first file. main: the tree to run. files: all that were read, their bytes by
    name.

    trees: root node of each tree, by ID. leaves: the leaves that may be used. problems: once loaded, warnings only.
    subtree_models: what the TreeNodesModel says of each tree's ports. stubs: what the stubs of its tree share, None if
    nothing is stubbed. levels: depth of the expanded tree. outline: what the files declare. known: the names that ports
    take; see `know`.
    """

    path: Path
    main: str
    trees: dict[str, Element]
    leaves: Mapping[str, type[Leaf]]
    problems: list[Problem] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=Kinds)
    subtree_models: Mapping[str, Model] = field(default_factory=dict)
    stubs: Stubs | None = None
    levels: int = 1
    outline: Outline = field(default_factory=Outline)
    known: Vocabulary = field(default_factory=dict)

    def know(self, known: Vocabulary) -> list[Problem]:
        """Hold the main tree, and those below it, to names that were not known when it was loaded, also while it runs.

        The warnings that are new. TreeProblems for names that the files fix and that are not among those known.
        """
        self.known = known
        found = check_fixed(self.outline, self.kinds, (self.main,), known, tolerant=self.stubs is not None)
        new = [problem for problem in found if problem not in self.problems]
        self.problems += new
        if any(not problem.warning for problem in new):
            raise TreeProblems(self.problems)
        return new

    def readers(self, key: str) -> list[Port]:
        """The ports that read a key which the main tree is handed in, also those in its subtrees."""
        return Fixed(self.outline, self.kinds).sum(self.main).ports(key)

    def nodes(self) -> list[NodeRow]:
        """(uid, kind, registration, name, full path) of every node of the expanded tree, in pre-order.

        kind: Action, Condition, Control, Decorator or SubTree. registration: the tag, `SubTree` for those. uid, name,
        full path: see `trees.paths`.
        """
        rows: list[NodeRow] = []
        left = [(self.trees[self.main], above_root(self.main))]
        while left:
            element, above = left.pop()
            where = above.child(element, len(rows) + 1)
            is_subtree, tag = element.tag == "SubTree", tag_of(element)
            kind = "SubTree" if is_subtree else self.class_of(element).KIND
            rows.append((where.uid, kind, tag, where.name, where.full_path))
            below = [self.trees[element.attributes["ID"]]] if is_subtree else element.children[::-1]
            left.extend((child, where) for child in below)
        return rows

    def class_of(self, element: Element) -> NodeClass:
        """The class of a node that is no SubTree."""
        tag = tag_of(element)
        kind = self.kinds[tag]
        if self.stubs is not None and (wrong := wrong_count(element, kind)):
            return malformed_class(tag, kind.KIND, wrong)
        return kind
