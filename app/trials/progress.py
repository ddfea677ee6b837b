"""What a test shows while it runs: on a terminal a table that fills, elsewhere a line for each trial."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from app.base.output import note, printable
from app.trials.outcome import LOST, Outcome
from app.trials.trial import Trial
from app.trials.words import line

if TYPE_CHECKING:
    from rich.table import Table

MARKS = {"success": ("+", "green"), "failure": ("x", "red"), LOST: ("!", "magenta")}
"""Letter and colour of a status; any other is an error."""
LATEST = 4
"""Failures that the table names, the last ones."""


class Show(Protocol):
    def __call__(self, outcome: Outcome) -> None: ...


@contextmanager
def progress(trials: Sequence[Trial]) -> Iterator[Show]:
    """Yields a function to call with each outcome."""
    ended: list[Outcome] = []

    def one_line(outcome: Outcome) -> None:
        ended.append(outcome)
        note(printable(line(outcome, len(ended), len(trials))) + "\n")

    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield one_line
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=sys.stderr, no_color=bool(os.environ.get("NO_COLOR")), highlight=False)
    with Live(table(trials, ended), console=console, redirect_stdout=False, redirect_stderr=False) as live:

        def show(outcome: Outcome) -> None:
            ended.append(outcome)
            live.update(table(trials, ended))

        yield show


def table(trials: Sequence[Trial], ended: Sequence[Outcome]) -> Table:
    """A row for each tree with a mark for each seed, and the latest failures below."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, show_header=False, padding=(0, 1), caption_justify="left")
    by_trial = {(outcome.tree, outcome.seed): outcome for outcome in ended}
    for tree in dict.fromkeys(trial.options.tree for trial in trials):
        marks = Text()
        seeds = [trial.options.seed for trial in trials if trial.options.tree == tree]
        outcomes = [by_trial.get((tree, seed)) for seed in seeds]
        for outcome in outcomes:
            letter, colour = ("·", "dim") if outcome is None else MARKS.get(outcome.status, ("E", "magenta"))
            marks.append(letter, colour)
        done = [outcome for outcome in outcomes if outcome is not None]
        good = sum(outcome.success for outcome in done)
        grid.add_row(Text(printable(tree), "bold"), marks, f"{good} of {len(done)}", f"{len(seeds) - len(done)} to go")
    failed = [outcome for outcome in ended if not outcome.success][-LATEST:]
    words = [printable(f"{outcome.tree} seed {outcome.seed}: {outcome.status}: {outcome.reason}") for outcome in failed]
    grid.caption = Text("\n".join(words))
    return grid
