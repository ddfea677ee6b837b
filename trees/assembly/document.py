"""A checked document: the trees of its files and the class of each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trees.assembly.paths import above_root
from trees.checking.fixed import FixedValues, check_fixed
from trees.checking.kinds import Kinds, NodeClass, tag_of
from trees.checking.nodes import child_count_error
from trees.checking.stubs import Stubs, malformed_class
from trees.data.ports import Port, Vocabulary
from trees.engine.leaf import Leaf
from trees.reading.elements import Element, Problem, TreeProblems
from trees.reading.outline import Model, Outline

NodeRow = tuple[int, str, str, str, str]
"""(uid, kind, registration, name, full path)."""


@dataclass
class Document:
    """The content of tree files, ready for `trees.build`; `trees.load` makes one.

    path: the first file. main: ID of the tree to run. trees: root node of each tree, by ID. leaves: by tag.
    problems: warnings, once it is loaded. files: the bytes of every file read, by name. kinds: the class of each tag.
    subtree_models: the ports that a TreeNodesModel declares for each tree. stubs: shared by the stubs of its tree, None
    without stubs. levels: depth of the expanded tree. outline: what the files declare. known: the names that ports
    accept, see `know`.
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
        """Check the names in the main tree and its subtrees against those known now, and again while it runs.

        known: the accepted names by kind, such as the labels of the detector. Returns the new warnings. TreeProblems if
        the files contain a name that is not accepted.
        """
        self.known = known
        problems = check_fixed(self.outline, self.kinds, (self.main,), known, tolerant=self.stubs is not None)
        new = [problem for problem in problems if problem not in self.problems]
        self.problems += new
        if any(not problem.warning for problem in new):
            raise TreeProblems(self.problems)
        return new

    def readers(self, key: str) -> list[Port]:
        """The ports of the main tree and its subtrees that read a key of the main tree's blackboard."""
        return FixedValues(self.outline, self.kinds).summary(self.main).ports(key)

    def nodes(self) -> list[NodeRow]:
        """(uid, kind, registration, name, full path) of every node of the expanded tree, in pre-order.

        kind: Action, Condition, Control, Decorator or SubTree. registration: the tag, `SubTree` for those. uid, name,
        full path: see `trees.assembly.paths`.
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
        """The class of a node other than a SubTree."""
        tag = tag_of(element)
        kind = self.kinds[tag]
        if self.stubs is not None and (wrong := child_count_error(element, kind)):
            return malformed_class(tag, kind.KIND, wrong)
        return kind
