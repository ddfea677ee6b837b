"""`spot-grasp test` over seeds: runs the trials in worker processes, shows them as they end, and reports."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.exit_codes import FAILURE, SUCCESS
from app.base.output import tell, tell_json, warn
from app.session.compose import compose
from app.session.task import read_task
from app.trials.compare import compare
from app.trials.outcome import Outcome
from app.trials.progress import progress
from app.trials.study import RESULTS, Study, read_study, write_study
from app.trials.trial import Trial, ready, run_trial
from app.trials.words import summary
from perception.base.files import write_atomic

if TYPE_CHECKING:
    from training.common.mapping import Mapper

EXACT = 1e-9
"""0.9 of 10 trials are 9 of them, whatever the last bit of 0.9 says."""


@dataclass(frozen=True)
class Reports:
    """folder: of the test, for results.json. junit, html: files to write, or None. old: results to compare with, or
    None. json: print the results as one last line."""

    folder: Path
    junit: Path | None = None
    html: Path | None = None
    old: Path | None = None
    json: bool = False


def test(trials: Sequence[Trial], mapper: Mapper, reports: Reports, at_least: float) -> int:
    """Run the trials and report; 0 if each tree succeeds in at least this share of its trials, else 1.

    What no trial can run with is found first: TreeError, ConfigError, ModelError. After KeyboardInterrupt the report
    says what is there, and the error is raised again.
    """
    old = None if reports.old is None else read_study(reports.old)
    _check(trials)
    began_s = time.monotonic()
    outcomes: list[Outcome] = []

    def study() -> Study:
        order = {(trial.options.tree, trial.options.seed): place for place, trial in enumerate(trials)}
        ordered = sorted(outcomes, key=lambda outcome: order[outcome.tree, outcome.seed])
        return Study(trials[0].options.robot, len(trials), tuple(ordered), time.monotonic() - began_s)

    try:
        mapped = mapper.map(run_trial, trials, ready, lost=Trial.lost)
        with progress(trials) as show, closing(mapped) as results:
            for outcome in results:
                outcomes.append(outcome)
                write_study(reports.folder / RESULTS, study())
                show(outcome)
    finally:
        _report(study(), old, reports)
    good = [tree.rate + EXACT >= at_least for tree in study().trees()]
    return SUCCESS if all(good) else FAILURE


def _check(trials: Sequence[Trial]) -> None:
    """Read each tree and make its robot once, without starting it. Warnings go to stderr."""
    for trial in {trial.options.tree: trial for trial in trials}.values():
        task = read_task(trial.options)
        for problem in [*task.document.problems, *task.know(trial.options, compose(trial.options, trial.folder))]:
            warn(str(problem))


def _report(study: Study, old: Study | None, reports: Reports) -> None:
    changes = [] if old is None else compare(old, study)
    if reports.junit is not None:
        from app.trials.junit import junit

        write_atomic(reports.junit, junit(study), parents=True)
    if reports.html is not None:
        from app.trials.page import report

        write_atomic(reports.html, report(study, changes, reports.html.parent).encode(), parents=True)
    if reports.json:
        tell_json({**study.as_json(), "changes": [change.words for change in changes]})
        return
    tell(summary(study, changes) + f"results: {reports.folder / RESULTS}\n")
    if old is not None and not changes:
        warn("the earlier test has none of these trees: nothing to compare")
