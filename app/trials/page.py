"""The report of a test as one page: nothing from elsewhere; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.drawing.page import cell, page
from app.report.sections import run_section
from app.report.story import read_story
from app.trials.compare import Change
from app.trials.outcome import Outcome
from app.trials.study import Group, Study, TreeResult
from app.trials.words import attempts_words, interval_words, percent
from perception.base.errors import ConfigError

OPEN: Final = 8
"""A longer list of trials is folded."""
MOST_RUNS: Final = 12
"""Failed runs that are part of the page."""
MOST_PICTURES: Final = 8
"""Of each of them."""


def report(study: Study, changes: Sequence[Change], folder: Path) -> str:
    """The page. folder: in which it will lie; links to run folders start there."""
    missing = study.planned - len(study.outcomes)
    words = f"{study.successes} of {len(study.outcomes)} trials succeeded on the robot {study.robot}"
    words += f", in {study.wall_s:.0f} s"
    words += f"; {missing} did not run" if missing else ""
    parts = [f"<p>{cell(words)}.</p>"]
    if changes:
        parts += ["<h2>Compared with the earlier test</h2>", *(f"<p>{cell(change.words)}</p>" for change in changes)]
    for tree in study.trees():
        parts += _tree(tree, folder)
    parts += _runs(study)
    return page("spot-grasp test", "\n".join(parts), style="report.css", tree=True)


def _runs(study: Study) -> list[str]:
    """The first of the runs that were kept and failed, as in `spot-grasp report`; the page then needs no folder."""
    kept = [outcome for outcome in study.outcomes if outcome.run and not outcome.success]
    parts = ["<h2>Runs that failed</h2>"] if kept else []
    for outcome in kept[:MOST_RUNS]:
        try:
            story = read_story(Path(outcome.run))
        except ConfigError:  # its process died before there was a log
            continue
        head = f"{outcome.tree}, seed {outcome.seed}: {outcome.status} {outcome.reason}"
        section = run_section(story, pictures=MOST_PICTURES, film_room=0)
        parts.append(f'<details class="run"><summary>{cell(head)}</summary>{section}</details>')
    left = len(kept) - MOST_RUNS
    return [*parts, *([f"<p>{left} more are in their folders: spot-grasp report RUN...</p>"] if left > 0 else [])]


def _tree(tree: TreeResult, folder: Path) -> list[str]:
    head = f"{tree.tree}: {tree.successes} of {len(tree.outcomes)}"
    words = [f"{percent(tree.rate)} ({interval_words(tree)})"]
    if any(tree.attempts):
        words.append(f"attempts: {attempts_words(tree)}")
    if tree.robot_s is not None:
        words.append(f"{tree.robot_s[0]:.1f} s on the robot in the median, {tree.robot_s[1]:.1f} s at most")
    low, high = 100 * tree.low, 100 * tree.high
    bar = f'<i style="width:{100 * tree.rate:.1f}%"></i><b style="left:{low:.1f}%;width:{high - low:.1f}%"></b>'
    seeds = "".join(
        f'<span class="{cell(outcome.status)}" title="{cell(_hint(outcome))}">{outcome.seed}</span>'
        for outcome in tree.outcomes
    )
    parts = [f"<h2>{cell(head)}</h2>", f'<div class="bar">{bar}</div>', f"<p>{cell('; '.join(words))}</p>"]
    parts.append(f'<div class="seeds">{seeds}</div>')
    for group in tree.groups:
        parts += _group(group, folder)
    if tree.leaves:
        leaves = [[f"{leaf.seconds:.1f}", str(leaf.runs), _wrapped(leaf.path)] for leaf in tree.leaves[:12]]
        parts.append(_table(["s a trial", "runs", "slowest leaves, on the robot's clock"], leaves, "slow"))
    return parts


def _group(group: Group, folder: Path) -> list[str]:
    """The trials that failed alike, each with what repeats it, and its reason where the reasons differ."""
    count = len(group.outcomes)
    heads, differ = ["run", "repeat it"], len({outcome.reason for outcome in group.outcomes}) > 1
    rows = [[_run(outcome, folder), f"<code>{cell(outcome.command)}</code>"] for outcome in group.outcomes]
    if differ:
        heads = [*heads, "reason"]
        rows = [[*row, _wrapped(outcome.reason)] for row, outcome in zip(rows, group.outcomes, strict=True)]
    table = _table(heads, rows)
    if count > OPEN:
        table = f"<details><summary>{count} trials</summary>{table}</details>"
    return [f"<h3>{count} x {cell(group.status)}</h3>", f"<p>{_wrapped(group.reason or 'no reason given')}</p>", table]


def _wrapped(text: str) -> str:
    """Escaped; paths of nodes break after a slash."""
    return cell(text).replace("/", "/<wbr>")


def _run(outcome: Outcome, folder: Path) -> str:
    if not outcome.run:
        return f"seed {outcome.seed}"
    place = Path(outcome.run).absolute()
    link = place.relative_to(folder.absolute()) if place.is_relative_to(folder.absolute()) else place
    return f'<a href="{cell(str(link))}/">seed {outcome.seed}</a>'


def _hint(outcome: Outcome) -> str:
    return f"seed {outcome.seed}: {outcome.status} {outcome.reason}".strip()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    body = "\n".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in rows)
    head = "".join(f"<th>{cell(text)}</th>" for text in heads)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
