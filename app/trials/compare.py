"""Compares two tests of the same trees: what changed, and whether it is more than chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.trials.outcome import Outcome
from app.trials.study import Study

CHANCE: Final = 0.05
"""A change this unlikely without a cause is called more than chance."""


@dataclass(frozen=True)
class Change:
    """Of one tree. old, new: (successes, trials). broken, mended: seeds in both tests that succeeded in the old or in
    the new one only. p: how likely so great a difference is by chance. paired: p is of the common seeds alone
    (McNemar's exact test), else of the rates (Fisher's)."""

    tree: str
    old: tuple[int, int]
    new: tuple[int, int]
    broken: tuple[int, ...]
    mended: tuple[int, ...]
    p: float
    paired: bool

    @property
    def significant(self) -> bool:
        return self.p < CHANCE

    @property
    def words(self) -> str:
        """One line for people."""
        (a, b), (c, d) = self.old, self.new
        verdict = "more than chance" if self.significant else "may be chance"
        chance = f"p {self.p:.3f}" if self.p >= 0.001 else "p below 0.001"
        test = "McNemar's test of the same seeds" if self.paired else "Fisher's test"
        seeds = [
            f"{what}: seed{'s' * (len(which) > 1)} {', '.join(map(str, which))}"
            for what, which in (("no longer succeeds", self.broken), ("now succeeds", self.mended))
            if which
        ]
        if not seeds and (a, b) == (c, d) and self.paired:
            return f"{self.tree}: {c} of {d} as before, with the same seeds"
        return "; ".join([f"{self.tree}: {a} of {b} before, {c} of {d} now: {verdict} ({chance}, {test})", *seeds])


def compare(old: Study, new: Study) -> list[Change]:
    """A change for each tree that is in both."""
    before, now = _by_tree(old.outcomes), _by_tree(new.outcomes)
    return [_change(tree, before[tree], now[tree]) for tree in now if tree in before]


def _by_tree(outcomes: Iterable[Outcome]) -> dict[str, dict[int, bool]]:
    """By tree and seed, whether the trial succeeded."""
    trees: dict[str, dict[int, bool]] = {}
    for outcome in outcomes:
        trees.setdefault(outcome.tree, {})[outcome.seed] = outcome.success
    return trees


def _change(tree: str, old: dict[int, bool], new: dict[int, bool]) -> Change:
    from training.common.confidence import fisher, mcnemar

    both = sorted(old.keys() & new.keys())
    broken = tuple(seed for seed in both if old[seed] and not new[seed])
    mended = tuple(seed for seed in both if new[seed] and not old[seed])
    paired = old.keys() == new.keys()
    counts = (sum(old.values()), len(old)), (sum(new.values()), len(new))
    p = mcnemar(len(broken), len(mended)) if paired else fisher(*counts)
    return Change(tree, *counts, broken, mended, p, paired)
