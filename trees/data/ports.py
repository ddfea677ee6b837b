"""Ports: how a leaf says, once, what it reads and writes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from trees.reading.names import listed, nearest


class Direction(Enum):
    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True)
class Bounds:
    """The values that a port takes: from `minimum` to `maximum`; the minimum itself not, if `above`. Of a text or a
    list, its length is intended. A number that is NaN or infinite is never taken."""

    minimum: float = -math.inf
    maximum: float = math.inf
    above: bool = False

    def hold(self, value: float) -> bool:
        """Whether a number is finite and within the bounds."""
        low = value > self.minimum if self.above else value >= self.minimum
        return low and value <= self.maximum and abs(value) != math.inf

    def __str__(self) -> str:
        """For people: `positive and at most 1.6`."""
        low = f"{'above' if self.above else 'at least'} {self.minimum:.10g}"
        if self.above and self.minimum == 0:
            low = "positive"
        high = f"at most {self.maximum:.10g}"
        if self.minimum == -math.inf:
            return "any" if self.maximum == math.inf else high
        return low if self.maximum == math.inf else f"{low} and {high}"


FINITE: Final = Bounds()
INT32: Final = 2**31 - 1
ANY_WHOLE: Final = Bounds(-INT32 - 1, INT32)
"""What BehaviorTree.CPP can read as an int."""


@dataclass(frozen=True)
class Names:
    """The names that somebody knows, which only the start of a run decides. choices: all of them. whose: words, such
    as `the detector can.onnx`."""

    choices: tuple[str, ...]
    whose: str

    def refusal(self, given: tuple[str, ...], *, separated: bool) -> str:
        """Why these names are not taken, "" if they are. separated: several can be written, with ; between them."""
        unknown = [name for name in given if name not in self.choices]
        if not unknown:
            return ""
        parts = tuple(part for part in re.split(r"[\s,|/+&]+", unknown[0]) if part)
        intended = f" Write '{';'.join(parts)}'." if separated and set(parts) <= set(self.choices) else ""
        how = " (several are separated by ;)" if separated else ""
        near = intended or nearest(unknown[0].lower(), self.choices)
        return f"{self.whose} does not know '{unknown[0]}'.{near} Choices{how}: {listed(self.choices)}"


Vocabulary = Mapping[str, Names]
"""What is known, by the kind of name that a port says it wants: "label", "camera"."""
NOTHING_KNOWN: Final[Vocabulary] = {}


@dataclass(frozen=True)
class Port:
    """name: the XML attribute. type: the Python type of the value. unit: SI symbol, "" for none.
    default: used when the attribute is absent; REQUIRED if it must be given. text: one line for people.
    bounds: of a number, or of the length of a text or list. names: the kind of name that it wants, see `Vocabulary`."""

    name: str
    type: type
    direction: Direction
    unit: str = ""
    default: Any = REQUIRED
    text: str = ""
    bounds: Bounds = FINITE
    names: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def is_omitted(self, text: str) -> bool:
        """True for the empty text that Groot2 writes for a port without a value, where the port need not be given."""
        return self.default is None and self.type is not str and not text.strip()

    @property
    def limits(self) -> str:
        """Its bounds for people, "" if any number will do."""
        if self.bounds == FINITE:
            return ""
        return str(self.bounds) if self.type in (int, float) else f"length {self.bounds}"

    def refusal(self, value: Any, known: Vocabulary = NOTHING_KNOWN) -> str:
        """Why the port does not take a value of its type, "" if it does."""
        if isinstance(value, str | tuple):
            if not self.bounds.hold(len(value)):
                return f"expected a {self.limits}" if value else "it is empty"
        elif self.type in (int, float) and not self.bounds.hold(value):
            return f"expected {self.limits or 'a finite number'}{f' {self.unit}' if self.unit else ''}"
        if self.names in known and isinstance(value, str | tuple):
            given = value if isinstance(value, tuple) else (value,)
            return known[self.names].refusal(given, separated=isinstance(value, tuple))
        return ""


def input_port(
    name: str,
    type: type,
    *,
    unit: str = "",
    default: Any = REQUIRED,
    text: str = "",
    bounds: Bounds = FINITE,
    names: str = "",
) -> Port:
    return Port(name, type, Direction.INPUT, unit, default, text, bounds, names)


def output_port(
    name: str, type: type, *, unit: str = "", default: Any = REQUIRED, text: str = "", bounds: Bounds = FINITE
) -> Port:
    return Port(name, type, Direction.OUTPUT, unit, default, text, bounds)
