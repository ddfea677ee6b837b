"""Escapes text for XML."""

from __future__ import annotations

from collections.abc import Mapping

_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape_attribute(text: str) -> str:
    """For an attribute in double quotes."""
    return _escape(text, _ATTRIBUTE)


def attributes(values: Mapping[str, str]) -> str:
    """`` name="value"`` of each, a space before it, see `legal`."""
    return "".join(f' {name}="{escape_attribute(legal(text))}"' for name, text in values.items())


def escape_text(text: str) -> str:
    """For a text between tags."""
    return _escape(text, _TEXT)


def legal(text: str) -> str:
    """The text with U+FFFD in place of the characters that XML does not allow."""
    return "".join(letter if _allowed(letter) else "\ufffd" for letter in text)


def _allowed(letter: str) -> bool:
    return letter in "\t\n\r" or " " <= letter < "\ud800" or "\ue000" <= letter < "\ufffe" or letter > "\uffff"


def _escape(text: str, table: dict[str, str]) -> str:
    for character, reference in table.items():
        text = text.replace(character, reference)
    return text
