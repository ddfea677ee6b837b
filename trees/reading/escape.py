"""Text as it is written in XML."""

from __future__ import annotations

from collections.abc import Mapping

_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape_attribute(text: str) -> str:
    """For an attribute in double quotes."""
    return _escape(text, _ATTRIBUTE)


def attributes(values: Mapping[str, str]) -> str:
    """`` name="value"`` of each, a space before it."""
    return "".join(f' {name}="{escape_attribute(text)}"' for name, text in values.items())


def escape_text(text: str) -> str:
    """For between two tags."""
    return _escape(text, _TEXT)


def _escape(text: str, table: dict[str, str]) -> str:
    for character, reference in table.items():
        text = text.replace(character, reference)
    return text
