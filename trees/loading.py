"""From tree files to a checked document: which trees there are, what each node is, how its ports are wired."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trees.checking.exclusive import check_actuators
from trees.checking.expansion import check_expansion
from trees.checking.fixed import check_fixed
from trees.checking.flow import check_flow
from trees.checking.kinds import Kinds, find_kinds
from trees.checking.models import check_models
from trees.checking.nodes import NodeChecks
from trees.checking.stubs import StubLeaf, Stubs, StubScript
from trees.data.ports import NOTHING_KNOWN, Vocabulary
from trees.document import Document
from trees.engine.leaf import Leaf
from trees.engine.status import TickStatus
from trees.reading.elements import Findings, Problem, TreeProblems
from trees.reading.includes import Files
from trees.reading.outline import Outline, outline
from trees.tree import Tree, build

Given = Path | str | Sequence[Path | str]


@dataclass
class LoadedDocument(Document):
    """A document with a tree of its own to try its stubs on, built when it is first ticked."""

    _tree: Tree | None = None

    def tick_exactly_once(self) -> TickStatus:
        """One tick of the root: SUCCESS, FAILURE, RUNNING or SKIPPED. For documents loaded with stub_unknown.

        The tree is built at the first tick, on the wall clock and without a robot. What the stub leaves did is in
        `events()`. What a node raises passes through, the tree halted.
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
) -> LoadedDocument:
    """Read and check files. TreeProblems, a TreeError, with everything that is wrong in `problems`.

    files: one file or several, read as one. leaves: by tag. main: ID of the tree to run, else what the file says.
    folders: where included files may lie, at any depth, beside the folders of the files given. strict: hold to what
    BehaviorTree.CPP 4.10 takes. stub_unknown: nodes that are not known become stubs, see `trees.checking.stubs`; `stub`
    says what stub leaves return, SUCCESS if it is None. unwritten: inputs that nothing writes are warnings, because the
    program writes them. known: the names that ports take; `Document.know` gives them later.
    """
    document = _read(files, leaves, main, folders, strict, stub_unknown, unwritten, known)
    if document.stubs is not None and stub is not None:
        document.stubs.script = stub
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
) -> LoadedDocument:
    paths = [Path(given)] if isinstance(given, Path | str) else [Path(each) for each in given]
    if not paths:
        raise ValueError("no tree file is given")
    found = Findings()
    own = {} if leaves is None else leaves
    stubs = Stubs() if stub_unknown else None
    files = Files(paths, [Path(folder) for folder in folders], found)
    kinds, out, levels = Kinds(), Outline(), 1
    measured: dict[str, tuple[int, int]] = {}
    if files.given:
        out = outline(files, main, strict=strict, tolerant=stub_unknown, found=found)
        if stub_unknown:
            out.add_stubs()
        kinds = find_kinds(out, own, stubs, found)
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
    return LoadedDocument(paths[0], out.main, out.trees, own, found, read, kinds, models, stubs, levels, out, known)
