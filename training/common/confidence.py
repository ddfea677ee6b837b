"""Confidence interval of a share of successes, and test of a difference between two methods."""

from __future__ import annotations

import math

from scipy.stats import binomtest, fisher_exact

Z95 = 1.959964


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """(low, high) of the Wilson score interval of a share, 95 % by default; (0, 1) without a trial.

    ValueError for impossible counts.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return 0.0, 1.0
    share, squared = successes / trials, z * z
    middle = (share + squared / (2 * trials)) / (1 + squared / trials)
    half = z / (1 + squared / trials) * math.sqrt(share * (1 - share) / trials + squared / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """p of McNemar's exact test, two-sided, for two methods tried on the same cases.

    only_first, only_second: cases in which only that method succeeds. ValueError below 0.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"{only_first} and {only_second} cases")
    count = only_first + only_second
    return float(binomtest(only_first, count).pvalue) if count else 1.0


def fisher(first: tuple[int, int], second: tuple[int, int]) -> float:
    """p of Fisher's exact test, two-sided, for two methods tried on different cases; each (successes, trials).

    ValueError for impossible counts.
    """
    table = [[good, trials - good] for good, trials in (first, second)]
    if min(map(min, table)) < 0:
        raise ValueError(f"{first} and {second} successes of trials")
    return float(fisher_exact(table).pvalue)
