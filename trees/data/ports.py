"""Ports: how a leaf declares what it reads and writes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from trees.reading.names import listed, nearest


class Direction(Enum):
    """Whether a node reads a port, writes it, or both."""

    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True)
class Bounds:
    """The values that a port accepts: numbers from `minimum` to `maximum`, without the minimum itself if `above`. For a
    text or a list they bound its length. NaN and infinity are never accepted."""

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
    """Names that ports accept and that are known once a run starts, such as the labels of its detector.

    choices: all of them. whose: for messages, such as `the detector can.onnx`. lacking: what is said of an owner that
    has none.
    """

    choices: tuple[str, ...]
    whose: str
    lacking: str = "knows no names"

    def refusal(self, names: tuple[str, ...], *, separated: bool) -> str:
        """Why these names are refused, "" if they are accepted. separated: several may be written, with ; between
        them."""
        unknown = [name for name in names if name not in self.choices]
        if not unknown:
            return ""
        if not self.choices:
            return f"{self.whose} {self.lacking}"
        parts = tuple(part for part in re.split(r"[\s,|/+&]+", unknown[0]) if part)
        intended = f" Write '{';'.join(parts)}'." if separated and set(parts) <= set(self.choices) else ""
        how = " (several are separated by ;)" if separated else ""
        near = intended or nearest(unknown[0].lower(), self.choices)
        return f"{self.whose} does not know '{unknown[0]}'.{near} Choices{how}: {listed(self.choices)}"


Vocabulary = Mapping[str, Names]
"""Accepted names by kind, as ports name it: "label", "camera"."""
NOTHING_KNOWN: Final[Vocabulary] = {}


@dataclass(frozen=True)
class Port:
    """A parameter of a node.

    name: the XML attribute. type: the Python type of the value. direction: read, written or both. unit: SI symbol, ""
    for none. default: used when the attribute is absent; REQUIRED if it must be set. text: one line for people.
    bounds: of a number, or of the length of a text or list. names: the kind of name that it accepts, see `Vocabulary`.
    """

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
        """True if the attribute must be set."""
        return self.default is REQUIRED

    def is_omitted(self, text: str) -> bool:
        """True for the empty text that Groot2 writes for an optional port without a value."""
        return self.default is None and self.type is not str and not text.strip()

    @property
    def limits(self) -> str:
        """Its bounds for people, "" without bounds."""
        if self.bounds == FINITE:
            return ""
        return str(self.bounds) if self.type in (int, float) else f"length {self.bounds}"

    def refusal(self, value: Any, known: Vocabulary = NOTHING_KNOWN) -> str:
        """Why the port refuses a value of its type, "" if it accepts it. known: the accepted names."""
        value = value.name if isinstance(value, Enum) else value
        if isinstance(value, str | tuple):
            if not self.bounds.hold(len(value)):
                return f"expected a {self.limits}" if value else "it is empty"
        elif self.type in (int, float) and not self.bounds.hold(value):
            return f"expected {self.limits or 'a finite number'}{f' {self.unit}' if self.unit else ''}"
        if self.names in known and isinstance(value, str | tuple):
            names = value if isinstance(value, tuple) else (value,)
            return known[self.names].refusal(names, separated=isinstance(value, tuple))
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
    """A port that a leaf reads. name, type, unit, default, text, bounds, names: see `Port`."""
    return Port(name, type, Direction.INPUT, unit, default, text, bounds, names)


def output_port(
    name: str, type: type, *, unit: str = "", default: Any = REQUIRED, text: str = "", bounds: Bounds = FINITE
) -> Port:
    """A port that a leaf writes. name, type, unit, default, text, bounds: see `Port`."""
    return Port(name, type, Direction.OUTPUT, unit, default, text, bounds)
