"""Literals of a tree file, which are converted to the type of their port when the tree is built."""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

_BOOLS = {
    "true": True,
    "TRUE": True,
    "True": True,
    "1": True,
    "false": False,
    "FALSE": False,
    "False": False,
    "0": False,
}


def key_of(text: str, port: str) -> str | None:
    """The blackboard key of `{key}`, of `{=}` or `=` (the port's own name), or None for a literal."""
    stripped = text.strip()
    if stripped in ("{=}", "="):
        return port
    if len(stripped) > 2 and stripped[0] == "{" and stripped[-1] == "}":
        return stripped[1:-1]
    return None


def type_name(kind: Any) -> str:
    """A type for people: str, float, RgbdFrame, stow|ready, str;str..., any."""
    if kind is object:
        return "any"
    if get_origin(kind) is tuple:
        return f"{type_name(get_args(kind)[0])};..."
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(member.name for member in kind)
    return str(getattr(kind, "__name__", kind))


def convert(text: str, kind: Any) -> Any:
    """The value of a literal. ValueError saying what was expected."""
    if get_origin(kind) is tuple:
        return tuple(convert(part.strip(), get_args(kind)[0]) for part in text.split(";") if part.strip())
    if kind is str or kind is object:
        return text
    if kind is bool:
        if text.strip() in _BOOLS:
            return _BOOLS[text.strip()]
        raise ValueError("expected true or false")
    if kind in (int, float):
        try:
            if "_" in text or not text.isascii():
                raise ValueError  # only Python accepts these digits
            value = kind(text)
        except ValueError:
            raise ValueError(f"expected {'a whole number' if kind is int else 'a number'}") from None
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("expected a finite number")
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        if text.strip() in kind.__members__:
            return kind[text.strip()]
        raise ValueError(f"expected one of {', '.join(kind.__members__)}")
    raise ValueError(f"a {type_name(kind)} cannot be written in a file; wire a {{key}}")


def written(value: Any) -> str:
    """The literal of a value, from which `convert` returns the value."""
    if isinstance(value, tuple):
        return ";".join(map(written, value))
    if isinstance(value, Enum):
        return value.name
    return str(value).lower() if isinstance(value, bool) else str(value)


def fits(value: Any, kind: Any) -> bool:
    """True if a port of this type accepts a value; whole numbers count as floats."""
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(fits(item, get_args(kind)[0]) for item in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)
