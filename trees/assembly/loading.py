"""Loads tree files into a checked document."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trees.assembly.document import Document
from trees.assembly.tree import Tree, build
from trees.checking.exclusive import check_actuators
from trees.checking.expansion import check_expansion
from trees.checking.fixed import check_fixed
from trees.checking.flow import check_flow
from trees.checking.kinds import Kinds, find_kinds
from trees.checking.models import check_models
from trees.checking.nodes import NodeChecks
from trees.checking.stubs import StubLeaf, Stubs, StubScript
from trees.data.ports import NOTHING_KNOWN, Vocabulary
from trees.engine.leaf import Leaf
from trees.engine.status import TickStatus
from trees.reading.elements import Problem, ProblemList, TreeProblems
from trees.reading.includes import Files
from trees.reading.outline import Outline, read_outline

PathOrPaths = Path | str | Sequence[Path | str]


@dataclass
class LoadedDocument(Document):
    """A document that can tick a tree of stubs, which is built at the first tick."""

    _tree: Tree | None = None

    def tick_exactly_once(self) -> TickStatus:
        """One tick of the root: SUCCESS, FAILURE, RUNNING or SKIPPED. For documents loaded with stub_unknown.

        The tree uses the wall clock and no robot. `events()` tells what the stub leaves did. Errors are those of
        `Tree.tick`. ValueError if the document was loaded without stub_unknown.
        """
        if self.stubs is None:
            raise ValueError("only a document loaded with stub_unknown=True ticks by itself; else build a tree")
        if self._tree is None:
            self._tree = build(self, None, time.monotonic)
            rows = [row for row in self.nodes() if row[1] != "SubTree" and issubclass(self.kinds[row[2]], StubLeaf)]
            for leaf, (uid, _, _, _, path) in zip(self.stubs.made, rows, strict=True):
                leaf.uid, leaf.path = uid, path
        self.stubs.events.clear()
        return self._tree.tick_exactly_once()

    def events(self) -> list[str]:
        """What stub leaves did in the last tick, in order: `<uid>S`, `<uid>F`, `<uid>R`, or `h<uid>` when halted."""
        return list(self.stubs.events) if self.stubs is not None else []


def load(
    files: PathOrPaths,
    leaves: Mapping[str, type[Leaf]] | None = None,
    main: str | None = None,
    *,
    folders: Sequence[Path | str] = (),
    strict: bool = False,
    stub_unknown: bool = False,
    stub: StubScript | None = None,
    unwritten: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> LoadedDocument:
    """Read and check tree files.

    files: one or several, read as one. leaves: by tag. main: ID of the tree to run, None for the choice of the files.
    folders: where included files may be, at any depth, beside the folders of `files`. strict: refuse whatever
    BehaviorTree.CPP 4.10 refuses. stub_unknown: unknown nodes become stubs, see `trees.checking.stubs`.
    stub: what stub leaves return, None for SUCCESS. unwritten: an input that nothing writes is a warning, because the
    program writes it. known: the names that ports accept; `Document.know` can give them later.
    TreeProblems, a TreeError, if anything but warnings is found; it has every problem in `problems`.
    """
    document = _read(files, leaves, main, folders, strict, stub_unknown, unwritten, known)
    if document.stubs is not None and stub is not None:
        document.stubs.script = stub
    if any(not problem.warning for problem in document.problems):
        raise TreeProblems(document.problems)
    return document


def problems(
    files: PathOrPaths,
    leaves: Mapping[str, type[Leaf]] | None = None,
    main: str | None = None,
    *,
    folders: Sequence[Path | str] = (),
    strict: bool = False,
    stub_unknown: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> list[Problem]:
    """Every problem of tree files, warnings included, in the order of the files; empty if there is none.

    files, leaves, main, folders, strict, stub_unknown, known: as for `load`.
    """
    return _read(files, leaves, main, folders, strict, stub_unknown, known=known).problems


def _read(
    paths_or_path: PathOrPaths,
    leaves: Mapping[str, type[Leaf]] | None,
    main: str | None,
    folders: Sequence[Path | str],
    strict: bool,
    stub_unknown: bool,
    unwritten: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
) -> LoadedDocument:
    paths = [Path(paths_or_path)] if isinstance(paths_or_path, Path | str) else [Path(each) for each in paths_or_path]
    if not paths:
        raise ValueError("no tree file is given")
    findings = ProblemList()
    own = {} if leaves is None else leaves
    stubs = Stubs() if stub_unknown else None
    files = Files(paths, [Path(folder) for folder in folders], findings)
    kinds, outline, levels = Kinds(), Outline(), 1
    measured: dict[str, tuple[int, int]] = {}
    if files.entry_roots:
        outline = read_outline(files, main, strict=strict, tolerant=stub_unknown, problems=findings)
        if stub_unknown:
            outline.add_stubs()
        kinds = find_kinds(outline, own, stubs, findings)
        findings.extend(NodeChecks(outline, kinds, own, strict=strict, tolerant=stub_unknown).all())
        if not stub_unknown:
            findings.extend(check_models(outline, kinds))
        endless = check_expansion(outline.trees, measured)
        levels = measured.get(outline.main, (1, 1))[1]
        findings.extend(endless)
        if not endless and not findings.full:
            findings.extend(check_flow(outline, kinds, measured, tolerant=stub_unknown or unwritten, strict=strict))
            findings.extend(check_fixed(outline, kinds, measured, known, tolerant=stub_unknown))
            findings.extend(check_actuators(outline, kinds, measured))
    order = {name: number for number, name in enumerate(dict.fromkeys(root.file for root in files.roots))}
    findings.sort(key=lambda problem: (order.get(problem.file, -1), problem.line, problem.column))
    read = {root.file: root.source.raw for root in files.roots}
    models = outline.subtree_models
    return LoadedDocument(
        paths[0], outline.main, outline.trees, own, findings, read, kinds, models, stubs, levels, outline, known
    )
