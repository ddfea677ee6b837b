"""Blackboard values as plain JSON: numbers and strings whole, everything else in brief."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]

LONGEST_TEXT: Final = 1000
MOST_ITEMS: Final = 32
DEEPEST: Final = 4
SMALL_ARRAY: Final = 16
"""Arrays of more numbers become their shape and type."""


def plain(value: Any, depth: int = 0) -> Plain:
    """A value as JSON of bounded size; never raises. Long arrays become their shape and type."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else str(value)[:LONGEST_TEXT]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if depth >= DEEPEST:
        return type(value).__name__
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value[:MOST_ITEMS]]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name, None), depth + 1) for field in fields(value)}
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        if math.prod(shape) <= SMALL_ARRAY:
            return plain(value.tolist(), depth)
        return f"{'x'.join(str(size) for size in shape)} {dtype}"
    return type(value).__name__


def brief(value: Any) -> str:
    """A value in one line of at most 80 characters for a terminal."""
    text = _line(plain(value))
    return text if len(text) <= 80 else text[:79] + "…"


def _line(value: Plain) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return f"[{', '.join(_line(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_line(item)}' for key, item in value.items())}}}"
    return " ".join(str(value).split()) if value is not None else "-"
