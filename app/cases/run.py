"""Runs a file of cases: each case and its variations, and what they saw of the tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cases.coverage import Coverage, coverage
from app.cases.file import read_cases
from app.cases.judge import mismatches
from app.cases.model import Case, CaseFile
from app.cases.nodes import matching, origins
from app.cases.outcomes import BAD, possible
from app.cases.play import Played, play
from app.session.substitute import match_rules
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from trees import Document, NodeView


@dataclass(frozen=True)
class Row:
    """One case. wrong: what is otherwise than expected, a line each. wall_s: how long it took."""

    name: str
    wrong: tuple[str, ...]
    played: Played
    wall_s: float

    @property
    def passed(self) -> bool:
        return not self.wrong


@dataclass(frozen=True)
class FileResult:
    """What came of a file. rows: the cases in its order. nodes: of the tree."""

    file: CaseFile
    document: Document
    nodes: tuple[NodeView, ...]
    rows: tuple[Row, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        """Whether every case came out as expected and, where the file asks for it, nothing was left unseen."""
        return all(row.passed for row in self.rows) and (self.coverage.complete or not self.file.complete)


class CaseRun:
    """The cases of a file, to be run one by one. ConfigError or TreeError for a mistake in it or in its tree."""

    def __init__(self, path: Path) -> None:
        import trees
        from app.base.known_leaves import known_leaves

        self.file = read_cases(path)
        self.document = trees.load(trees.find_tree(self.file.tree), known_leaves(), self.file.main)
        self.nodes = trees.build(self.document, None, lambda: 0.0).nodes()
        self.plays: list[Played] = []
        self.ran: set[str] = set()
        """The names of the cases that were run to their end."""

    def run(self, case: Case) -> Iterator[Row]:
        """A row for the case, or one for each of its variations."""
        if not case.fail_each:
            yield self._row(case)
            self.ran.add(case.name)
            return
        plain = play(case, self.document)
        self.plays.append(plain)
        for uid, words in self._each(case, plain):
            yield self._row(replace(case, name=f"{case.name} [{words}]", fail={**case.fail, uid: 1}))
        self.ran.add(case.name)

    def check(self) -> None:
        """ConfigError for a pattern that matches no node, a substitution that does not fit, or an unknown scene."""
        for case in self.file.cases:
            place, wanted = f"{self.file.file}: case '{case.name}'", case.expected
            patterns = [word for word in case.fail if isinstance(word, str)]
            for pattern in (*patterns, *case.fail_each, *wanted.visited, *wanted.unvisited, *wanted.order):
                matching(pattern, self.nodes, place)
            if case.substitutions:
                match_rules(place, "", case.substitutions, self.document)
            if case.scene:
                from simulation.scene.spec import load_scene

                load_scene(case.scene)
        for rule in self.file.unseen:
            matching(rule.node, self.nodes, f"{self.file.file}: unseen")

    def coverage(self) -> Coverage:
        """What the cases that were run have seen of the tree."""
        return coverage(self.document, self.nodes, self.plays, self.file.unseen)

    def _row(self, case: Case) -> Row:
        began_s = time.perf_counter()
        played = play(case, self.document)
        self.plays.append(played)
        wrong = mismatches(case.expected, played, f"{self.file.file}: case '{case.name}'")
        return Row(case.name, tuple(wrong), played, time.perf_counter() - began_s)

    def _each(self, case: Case, plain: Played) -> list[tuple[int, str]]:
        """(uid, words) of the first node in time of every leaf and SubTree that can fail and that a pattern names."""
        place = f"{self.file.file}: case '{case.name}': fail_each"
        named = {node.uid for pattern in case.fail_each for node in matching(pattern, self.nodes, place)}
        listed, found = origins(self.document), dict[int, tuple[int, str]]()
        for uid in plain.entered:
            element = listed[uid - 1].element
            whole = self.nodes[uid - 1].kind in ("Action", "Condition", "SubTree")
            if uid in named and whole and possible(self.document, element) >= BAD:
                found.setdefault(id(element), (uid, listed[uid - 1].path))
        if not found:
            raise ConfigError(f"{place}: the case ticks none of these that can fail")
        return list(found.values())


def run_file(path: Path, on_row: Callable[[Row], None] = lambda row: None) -> FileResult:
    """Run all cases of a file. on_row: called with each as it ends. Errors are those of `CaseRun`."""
    work = CaseRun(path)
    rows: list[Row] = []
    for case in work.file.cases:
        for row in work.run(case):
            rows.append(row)
            on_row(row)
    return FileResult(work.file, work.document, work.nodes, tuple(rows), work.coverage())
