"""From tree files to a checked document: which trees there are, what each node is, how its ports are wired."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trees.checking.exclusive import check_actuators
from trees.checking.expansion import check_expansion
from trees.checking.fixed import Fixed, check_fixed
from trees.checking.flow import check_flow
from trees.checking.kinds import Kinds, NodeClass, find_kinds, tag_of
from trees.checking.models import check_models
from trees.checking.nodes import NodeChecks, describe_port, wrong_count
from trees.checking.stubs import Stage, StubLeaf, StubScript, malformed_class
from trees.data.ports import NOTHING_KNOWN, Port, Vocabulary
from trees.engine.leaf import Leaf
from trees.engine.status import Returned
from trees.expanded import NodeRow, expand
from trees.reading.elements import Element, Findings, Problem, TreeProblems
from trees.reading.includes import Files
from trees.reading.names import CONDITIONS, RESERVED
from trees.reading.outline import Model, Outline, outline

if TYPE_CHECKING:
    from trees.engine.tree import Tree

__all__ = ["CONDITIONS", "RESERVED", "Document", "NodeClass", "describe_port", "load", "problems", "tag_of"]
Given = Path | str | Sequence[Path | str]


@dataclass
class Document:
    """Files that can be built. path: the first file. main: the tree to run. files: all that were read, their bytes by
    name.

    trees: root node of each tree, by ID. leaves: the leaves that may be used. problems: once loaded, warnings only.
    subtree_models: what the TreeNodesModel says of each tree's ports. stage: where stubs play, None without stubs.
    levels: depth of the expanded tree. outline: what the files declare. known: the names that ports take; see
    `know`.
    """

    path: Path
    main: str
    trees: dict[str, Element]
    leaves: Mapping[str, type[Leaf]]
    problems: list[Problem] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=Kinds)
    subtree_models: Mapping[str, Model] = field(default_factory=dict)
    stage: Stage | None = None
    levels: int = 1
    outline: Outline = field(default_factory=Outline)
    known: Vocabulary = field(default_factory=dict)
    _tree: Tree | None = None

    def know(self, known: Vocabulary) -> list[Problem]:
        """Hold the main tree, and those below it, to names that were not known when it was loaded, also while it runs.

        The warnings that are new. TreeProblems for names that the files fix and that are not among those known.
        """
        self.known = known
        found = check_fixed(self.outline, self.kinds, (self.main,), known, tolerant=self.stage is not None)
        new = [problem for problem in found if problem not in self.problems]
        self.problems += new
        if any(not problem.warning for problem in new):
            raise TreeProblems(self.problems)
        return new

    def readers(self, key: str) -> list[Port]:
        """The ports that read a key which the main tree is handed in, also those in its subtrees."""
        return Fixed(self.outline, self.kinds).sum(self.main).ports(key)

    def nodes(self) -> list[NodeRow]:
        """(uid, kind, registration, name, full path) of every node of the expanded tree, in pre-order."""
        return list(expand(self))

    def tick_exactly_once(self) -> Returned:
        """One tick of the root: SUCCESS, FAILURE, RUNNING or SKIPPED. For documents loaded with stub_unknown.

        The tree is built at the first tick, on the wall clock and without a robot. What the stub leaves did is in
        `events()`. What a node raises passes through, the tree halted.
        """
        if self.stage is None:
            raise ValueError("only a document loaded with stub_unknown=True ticks by itself; else build a tree")
        if self._tree is None:
            from trees.engine.tree import build

            self._tree = build(self, None, time.monotonic)
            stubs = [row for row in expand(self) if row[1] != "SubTree" and issubclass(self.kinds[row[2]], StubLeaf)]
            for leaf, (uid, _, _, _, path) in zip(self.stage.made, stubs, strict=True):
                leaf.uid, leaf.path = uid, path
        self.stage.events.clear()
        return self._tree.execute()

    def events(self) -> list[str]:
        """What stub leaves did in the last tick, in order: `<uid>S`, `<uid>F`, `<uid>R`, or `h<uid>` when halted."""
        return list(self.stage.events) if self.stage is not None else []

    def class_of(self, element: Element) -> NodeClass:
        """The class of a node that is no SubTree."""
        tag = tag_of(element)
        kind = self.kinds[tag]
        if self.stage is not None and (wrong := wrong_count(element, kind)):
            return malformed_class(tag, kind.KIND, wrong)
        return kind


def load(
    files: Given,
    leaves: Mapping[str, type[Leaf]] | None = None,
    main: str | None = None,
    *,
    folders: Sequence[Path | str] = (),
    strict: bool = False,
    stub_unknown: bool = False,
    stub: StubScript | None = None,
    unwritten: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> Document:
    """Read and check files. TreeProblems, a TreeError, with everything that is wrong in `problems`.

    files: one file or several, read as one. leaves: by tag. main: ID of the tree to run, else what the file says.
    folders: where included files may lie, at any depth, beside the folders of the files given. strict: hold to what
    BehaviorTree.CPP 4.10 takes. stub_unknown: nodes that are not known become stubs, see `trees.checking.stubs`; `stub`
    says what stub leaves return, SUCCESS if it is None. unwritten: inputs that nothing writes are warnings, because the
    program writes them. known: the names that ports take; `Document.know` gives them later.
    """
    document = _read(files, leaves, main, folders, strict, stub_unknown, unwritten, known)
    if document.stage is not None and stub is not None:
        document.stage.script = stub
    if any(not problem.warning for problem in document.problems):
        raise TreeProblems(document.problems)
    return document


def problems(
    files: Given,
    leaves: Mapping[str, type[Leaf]] | None = None,
    main: str | None = None,
    *,
    folders: Sequence[Path | str] = (),
    strict: bool = False,
    stub_unknown: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> list[Problem]:
    """Everything wrong with files, warnings too, in the order of the files; empty for good ones."""
    return _read(files, leaves, main, folders, strict, stub_unknown, known=known).problems


def _read(
    given: Given,
    leaves: Mapping[str, type[Leaf]] | None,
    main: str | None,
    folders: Sequence[Path | str],
    strict: bool,
    stub_unknown: bool,
    unwritten: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> Document:
    paths = [Path(given)] if isinstance(given, Path | str) else [Path(each) for each in given]
    if not paths:
        raise ValueError("no tree file is given")
    found = Findings()
    own = {} if leaves is None else leaves
    stage = Stage() if stub_unknown else None
    files = Files(paths, [Path(folder) for folder in folders], found)
    kinds, out, levels = Kinds(), Outline(), 1
    measured: dict[str, tuple[int, int]] = {}
    if files.given:
        out = outline(files, main, strict=strict, tolerant=stub_unknown, found=found)
        if stub_unknown:
            out.add_stubs()
        kinds = find_kinds(out, own, stage, found)
        found.extend(NodeChecks(out, kinds, own, strict=strict, tolerant=stub_unknown).all())
        if not stub_unknown:
            found.extend(check_models(out, kinds))
        endless = check_expansion(out.trees, measured)
        levels = measured.get(out.main, (1, 1))[1]
        found.extend(endless)
        if not endless and not found.full:
            found.extend(check_flow(out, kinds, measured, tolerant=stub_unknown or unwritten, strict=strict))
            found.extend(check_fixed(out, kinds, measured, known, tolerant=stub_unknown))
            found.extend(check_actuators(out, kinds, measured))
    order = {name: number for number, name in enumerate(dict.fromkeys(root.file for root in files.roots))}
    found.sort(key=lambda problem: (order.get(problem.file, -1), problem.line, problem.column))
    read = {root.file: root.source.raw for root in files.roots}
    models = out.subtree_models
    return Document(paths[0], out.main, out.trees, own, found, read, kinds, models, stage, levels, out, known)
