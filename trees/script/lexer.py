"""The tokens of a script: numbers, texts, names and operators with their positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from trees.errors import TreeError

MAX_LETTERS: Final = 100_000
"""Longer scripts are refused."""


class ScriptError(TreeError):
    """A script that cannot be parsed. position: counted from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


@dataclass(frozen=True)
class Token:
    """kind: number, text, name, operator or end. value: the number, the text, the name, the operator itself."""

    kind: str
    value: Any
    position: int


_SPACE = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")
_HEX = re.compile(r"0[xX][0-9a-fA-F]+")
_REAL = re.compile(r"[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)")
_WHOLE = re.compile(r"[0-9]+")
_AFTER_NUMBER = re.compile(r"[A-Za-z0-9_@]|\.(?!\.)")
_OPERATOR = re.compile(r"\.\.|&&|\|\||[=!<>:+\-*/]=|[-+*/&|^~!<>=?:();]")
_TRUTH = {"true": 1.0, "false": 0.0}


def tokenize(script: str) -> list[Token]:
    """All tokens; the last one is of kind `end`. ScriptError at the first invalid character."""
    if len(script) > MAX_LETTERS:
        raise ScriptError(f"a script of {len(script)} characters is too long, at most {MAX_LETTERS}", MAX_LETTERS)
    result: list[Token] = []
    at = 0
    while at < len(script):
        letter = script[at]
        if space := _SPACE.match(script, at):
            at = space.end()
        elif letter in "'\"":
            end = script.find(letter, at + 1)
            if end < 0:
                raise ScriptError(f"the text that begins with {letter} does not end", at)
            result.append(Token("text", script[at + 1 : end], at))
            at = end + 1
        elif letter in "0123456789":
            end = _end_of_number(script, at)
            result.append(_number(script, at, end))
            at = end
        elif name := _NAME.match(script, at):
            word = name.group()
            result.append(Token("number", _TRUTH[word], at) if word in _TRUTH else Token("name", word, at))
            at = name.end()
        elif operator := _OPERATOR.match(script, at):
            result.append(Token("operator", operator.group(), at))
            at = operator.end()
        else:
            raise ScriptError(f"'{letter}' means nothing in a script", at)
    result.append(Token("end", "the end", len(script)))
    return result


def _end_of_number(script: str, at: int) -> int:
    match = _HEX.match(script, at) or _REAL.match(script, at) or _WHOLE.match(script, at)
    assert match is not None  # it begins with a digit
    return match.end()


def _number(script: str, at: int, end: int) -> Token:
    """A whole number as an int, one with a point or an exponent as a float."""
    text = script[at:end]
    if _AFTER_NUMBER.match(script, end) or (text[:2] in ("0x", "0X") and script.startswith(".", end)):
        raise ScriptError(f"'{script[at : end + 1]}...' is not a number (1, 0x1f, 1.5 and 3e-2 are)", at)
    if text[:2] in ("0x", "0X"):
        whole = int(text, 16) if len(text) <= 18 else 2**63
    elif text.isdigit():
        whole = int(text) if len(text) <= 19 else 2**63
    else:
        return Token("number", float(text), at)
    if whole >= 2**63:
        raise ScriptError(f"{text[:30]} is too large a number", at)
    return Token("number", whole, at)
