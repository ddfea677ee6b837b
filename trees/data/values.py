"""Conversions between numbers and texts, as in the blackboard and the scripts of BehaviorTree.CPP.

A value is an int, a float, a bool (a number that is 0 or 1), a str, or anything else, which is opaque here. UNSET is
an entry that is known but that nobody has written.
"""

from __future__ import annotations

import math
import re
from enum import Enum, IntEnum
from typing import Any, Final

EXACT: Final = 2**53 - 1
"""The largest whole number that a float tells from its neighbours."""
INT64: Final = 2**63
EPSILON: Final = 2.0**-23
"""Numbers at most this far apart are equal in scripts: the epsilon of a 32-bit float."""
_NUMBER = re.compile(r"-?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII)


class Unset(Enum):
    """The type of UNSET."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and (isinstance(value, IntEnum) or not isinstance(value, Enum))


def to_text(value: Any) -> str:
    """A number as its text: whole numbers as they are, others with six decimals. ValueError for opaque values."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:f}"
    raise ValueError(f"a {type(value).__name__} has no text")


def to_float(value: Any) -> float:
    """A number as a float; the number that a text begins with. ValueError if there is none or it would be inexact."""
    if isinstance(value, int):
        if abs(value) > EXACT:
            raise ValueError(f"{int(value)} is too large to be calculated with exactly")
        return float(value)
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match is None:
            raise ValueError(f"'{value}' is not a number")
        return float(match.group())
    raise ValueError(f"a {type(value).__name__} is not a number")


def to_int(value: Any) -> int:
    """A number without a fraction as an int of 64 bits. ValueError for others."""
    if isinstance(value, float):
        if not math.isfinite(value) or value != math.floor(value) or not -INT64 <= value < INT64:
            raise ValueError(f"{value:g} is not a whole number")
        return int(value)
    if isinstance(value, int):
        return int(value)
    raise ValueError(f"a {type(value).__name__} is not a whole number")


def to_bool(value: Any) -> bool:
    """The truth value in scripts: a float above 0 is true, an int must be 0 or 1. ValueError for everything else."""
    if isinstance(value, float):
        if value < 0.0:
            raise ValueError(f"{value:g} is neither true nor false")
        return value != 0.0
    if isinstance(value, int):
        if value in (0, 1):
            return bool(value)
        raise ValueError(f"{int(value)} is neither true nor false")
    if value is UNSET:
        raise ValueError("it has no value yet")
    shown = f"'{value}'" if isinstance(value, str) else f"a {type(value).__name__}"
    raise ValueError(f"{shown} is neither true nor false")
