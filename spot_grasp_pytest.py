"""The pytest plugin of spot-grasp: it collects files of cases, and tests get the fixture `spot_grasp_tree`.

`pick.test.toml` is collected if the tree `pick.xml` stands beside it, or if it is named on the command line. Each case
is a test, and what the file demands to be seen of the tree is one more. Nothing of spot-grasp is imported before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from app.cases.model import Case
    from app.cases.play import Played
    from app.cases.run import CaseRun

ENDING: Final = ".test.toml"


class Unexpected(Exception):  # noqa: N818  # a result, not an error of the test
    """A case came out otherwise than expected; each argument is a line."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file of cases."""
    if not file_path.name.endswith(ENDING):
        return None
    tree = file_path.with_name(file_path.name.removesuffix(ENDING) + ".xml")
    if tree.is_file() or parent.session.isinitpath(file_path):
        collector: pytest.Collector = CaseCollector.from_parent(parent, path=file_path)
        return collector
    return None


class CaseCollector(pytest.File):
    """The cases of a file."""

    def collect(self) -> Iterator[pytest.Item]:
        _find_packages()
        from app.cases.run import CaseRun
        from trees import SpotGraspError

        try:
            work = CaseRun(self.path)
        except SpotGraspError as error:
            raise self.CollectError(str(error)) from None
        for case in work.file.cases:
            yield CaseItem.from_parent(self, name=case.name, work=work, case=case)
        if work.file.complete:
            yield CoverageItem.from_parent(self, name="all of the tree is seen", work=work)


class _Item(pytest.Item):
    def __init__(self, *, work: CaseRun, **more: Any) -> None:
        super().__init__(**more)
        self.work = work

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **more: Any) -> Any:
        if isinstance(excinfo.value, Unexpected):
            return "\n".join(excinfo.value.args)
        return super().repr_failure(excinfo, *args, **more)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CaseItem(_Item):
    """One case, with its variations."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self.case = case

    def runtest(self) -> None:
        wrong = [f"{row.name}: {words}" for row in self.work.run(self.case) for words in row.wrong]
        if wrong:
            raise Unexpected(*wrong)


class CoverageItem(_Item):
    """Whether the cases have seen all of the tree; skipped where not all of them were run."""

    def runtest(self) -> None:
        from app.cases.report import coverage_lines

        if {case.name for case in self.work.file.cases} != self.work.ran:
            pytest.skip("not all cases of the file were run")
        seen = self.work.coverage()
        if not seen.complete:
            raise Unexpected(*coverage_lines(seen).splitlines())


@pytest.fixture
def spot_grasp_tree() -> Callable[..., Played]:
    """A function that runs a tree on the fake robot: `spot_grasp_tree("grasp_bottle", world={"slips": 1})`.

    Its keywords are the keys of a case; `main` is the ID of the tree to run. It returns what came of it: status,
    reason, reports, attempts, seconds, `visited(pattern)` and `ended(pattern, "FAILURE")`.
    """
    _find_packages()

    def run(tree: Path | str, *, main: str | None = None, **keys: Any) -> Played:
        import trees
        from app.base.known_leaves import known_leaves
        from app.cases.file import case_of
        from app.cases.play import play

        document = trees.load(trees.find_tree(str(tree)), known_leaves(), main)
        return play(case_of("of the test", keys), document)

    return run


def _find_packages() -> None:
    """Make sure that our packages are imported. UsageError if others of the same name are there already."""
    from spot_grasp_main import strangers

    if taken := strangers():
        raise pytest.UsageError(
            f"spot-grasp cannot run its cases here: the package {'; '.join(taken)} is imported already, which has the "
            "name of one of its own; call `spot-grasp test` in a process of its own instead"
        )
