"""`argparse` types for numbers with bounds."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Callable
from typing import TypeVar

N = TypeVar("N", int, float)
MOST_SEEDS = 100_000


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`. ArgumentTypeError otherwise."""
    return lambda text: number(int, text, lambda value: low <= value <= high, f"a whole number from {low} to {high}")


def real(low: float, high: float) -> Callable[[str], float]:
    """A number from `low` to `high`. ArgumentTypeError otherwise."""
    return lambda text: number(float, text, lambda value: low <= value <= high, f"a number from {low:g} to {high:g}")


def seconds(text: str) -> float:
    """A positive number of seconds. ArgumentTypeError otherwise."""
    return number(float, text, lambda value: 0 < value < math.inf, "a positive number of seconds")


def speed(text: str) -> float:
    """How fast to replay: not 0, at most 1000 either way. ArgumentTypeError otherwise."""
    what = "a speed; give a number from 0.001 to 1000, or minus that"
    return number(float, text, lambda value: 0.001 <= abs(value) <= 1000, what)


def seed(text: str) -> int:
    """A seed: 0 .. 2**31-1. ArgumentTypeError otherwise."""
    what = f"a seed; give a whole number from 0 to {2**31 - 1}"
    return number(int, text, lambda value: 0 <= value < 2**31, what)


def seeds(text: str) -> tuple[int, ...]:
    """Seeds in the order of a list with ranges, as 3,7,10-12. ArgumentTypeError if it is none, or has one twice."""
    what = f"a list of seeds; give e.g. 0-39 or 3,7,10-12, at most {MOST_SEEDS}"
    listed: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        ends = [
            number(int, end, lambda value: 0 <= value < 2**31, what) for end in ([first, last] if dash else [first])
        ]
        if not 0 <= ends[-1] - ends[0] < MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"{part[:80]!r} is not {what}")
        listed += range(ends[0], ends[-1] + 1)
    if len(set(listed)) < len(listed) or len(listed) > MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not {what}, each once")
    return tuple(listed)


def number(kind: Callable[[str], N], text: str, fits: Callable[[N], bool], what: str) -> N:
    """The number that a text holds. ArgumentTypeError if it holds none or `fits` refuses it. what: the expected value,
    in words."""
    with contextlib.suppress(ValueError):
        value = kind(text)
        if fits(value):
            return value
    raise argparse.ArgumentTypeError(f"{text[:80]!r} is not {what}")
