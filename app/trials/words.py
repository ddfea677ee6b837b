"""A test in words: a line for each trial that ends, and the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.trials.compare import Change
from app.trials.outcome import Outcome
from app.trials.study import Group, Study, TreeResult

SLOWEST = 5
"""Leaves that are listed."""


def line(outcome: Outcome, done: int, planned: int) -> str:
    """One line about a trial that has ended."""
    words = [outcome.status] if outcome.success else [f"{outcome.status}: {outcome.reason}"]
    words += [f"{outcome.attempts} attempt{'s' * (outcome.attempts != 1)}"] if outcome.attempts else []
    words += [f"{outcome.robot_s:.1f} s on the robot"] if outcome.robot_s else []
    width = len(str(planned))
    return (
        f"{done:{width}}/{planned} {outcome.tree} seed {outcome.seed}  {', '.join(words)}, {outcome.wall_s:.1f} s wall"
    )


def summary(study: Study, changes: Sequence[Change] = ()) -> str:
    """What the test says, for people."""
    lines = [text for tree in study.trees() for text in _tree_lines(tree)]
    if len(study.outcomes) < study.planned:
        lines.append(f"{study.planned - len(study.outcomes)} of {study.planned} trials did not run")
    lines += ["compared with the earlier test:"] * bool(changes) + [f"  {change.words}" for change in changes]
    lines.append(f"{study.successes} of {len(study.outcomes)} trials succeeded, in {study.wall_s:.1f} s wall")
    return "\n".join(lines) + "\n"


def _tree_lines(tree: TreeResult) -> Iterator[str]:
    count = len(tree.outcomes)
    yield f"{tree.tree}: {tree.successes} of {count} = {percent(tree.rate)} ({interval_words(tree)})"
    if any(tree.attempts):
        yield f"  attempts  {attempts_words(tree)}"
    if tree.robot_s is not None:
        yield f"  duration  {tree.robot_s[0]:.1f} s on the robot in the median, {tree.robot_s[1]:.1f} s at most"
    for group in tree.groups:
        yield f"  {group_words(group)}"
        yield f"    {group.outcomes[0].command}"
    for leaf in tree.leaves[:SLOWEST]:
        yield f"  slow      {leaf.seconds:6.1f} s a trial  {leaf.path}"


def interval_words(tree: TreeResult) -> str:
    """Wilson's interval of the success rate."""
    return f"95 %: {percent(tree.low)} to {percent(tree.high)}"


def attempts_words(tree: TreeResult) -> str:
    """How many attempts the successes took."""
    return ", ".join(f"{number} in {count} trial{'s' * (count != 1)}" for number, count in tree.attempts.items())


def group_words(group: Group) -> str:
    """Trials that failed alike."""
    seeds = ", ".join(str(outcome.seed) for outcome in group.outcomes)
    return f"{len(group.outcomes)} x {group.status}: {group.reason or 'no reason given'} (seed {seeds})"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
