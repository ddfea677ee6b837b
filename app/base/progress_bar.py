"""Progress bars on stderr for work in stages; lines if stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.base.output import note


@contextmanager
def stage_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function (stage, done, total) to call after each job."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _line
        return
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # rich prints stdout above the bars; a file or a pipe must get it unchanged
    shared = sys.stdout.isatty()
    with Progress(*columns, TimeRemainingColumn(), console=console, redirect_stdout=shared) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show


def _line(stage: str, done: int, total: int) -> None:
    """A line every tenth of the work."""
    if done in (0, total) or done * 10 // total != (done - 1) * 10 // total:
        note(f"{stage} {done}/{total}\n")
