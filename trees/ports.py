"""Ports: how a leaf says, once, what it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Direction(Enum):
    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True)
class Port:
    """name: the XML attribute. type: the Python type of the value. unit: SI symbol, "" for none.
    default: used when the attribute is absent; REQUIRED if it must be given. text: one line for people."""

    name: str
    type: type
    direction: Direction
    unit: str = ""
    default: Any = REQUIRED
    text: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def input_port(name: str, type: type, *, unit: str = "", default: Any = REQUIRED, text: str = "") -> Port:
    return Port(name, type, Direction.INPUT, unit, default, text)


def output_port(name: str, type: type, *, unit: str = "", default: Any = REQUIRED, text: str = "") -> Port:
    return Port(name, type, Direction.OUTPUT, unit, default, text)
