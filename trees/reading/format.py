"""The canonical form of a tree file, in which versions of it can be compared line by line.

Two spaces for each level, one node on each line, attributes in a fixed order, double quotes, one blank line between
trees. Comments, unknown attributes, ignored elements and single blank lines between nodes stay. The output is plain XML
with the same meaning. Formatting it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from trees.reading.elements import Comment, Element, Source
from trees.reading.escape import escape_attribute, escape_text
from trees.reading.markup import parse_all
from trees.reading.names import CONDITIONS

MAX_WIDTH: Final = 120
_SPACE: Final = " \t\n\r"
_FIRST: Final = ("BTCPP_format", "main_tree_to_execute", "ID", "name")
_APART: Final = ("BehaviorTree", "TreeNodesModel")


def format_text(text: str, name: str = "tree.xml") -> str:
    """The canonical form of a tree file. text: its content. name: for messages. TreeProblems if it is not XML."""
    normal = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _, top = parse_all(Source(name, normal))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    for item in top:
        lines.extend(_item(item, 0))
    return "\n".join([*lines, ""])


def _item(item: Element | Comment, level: int) -> list[str]:
    """The lines of an element, comment, instruction or text."""
    indent = "  " * level
    if isinstance(item, Element):
        return _element(item, level)
    if item.kind == "comment":
        return _comment(item.text, level)
    if item.kind == "instruction":
        is_declaration = re.match(r"xml(\s|$)", item.text) is not None
        return [] if is_declaration else [f"{indent}<?{item.text}?>"]
    return [indent + escape_text(item.text.strip(_SPACE))]


def _element(element: Element, level: int) -> list[str]:
    indent = "  " * level
    parts = _parts(element)
    opening = _opening(element, indent)
    if not parts:
        opening[-1] += "/>"
        return opening
    opening[-1] += ">"
    only = parts[0][0]
    if len(parts) == 1 and isinstance(only, Comment) and only.kind == "text":
        opening[-1] += f"{escape_text(only.text.strip(_SPACE))}</{element.tag}>"
        return opening
    lines = opening
    blanks = _blanks(parts, apart=level == 0)
    for index, (item, gap) in enumerate(parts):
        beside = index > 0 and "\n" not in gap and isinstance(item, Comment) and item.kind == "comment"
        if beside and isinstance(parts[index - 1][0], Element) and "\n" not in item.text:
            lines[-1] += f"  {_comment(item.text, 0)[0]}"
            continue
        if blanks[index]:
            lines.append("")
        lines.extend(_item(item, level + 1))
    return [*lines, f"{indent}</{element.tag}>"]


def _parts(element: Element) -> list[tuple[Element | Comment, str]]:
    """The content of an element without blank texts, each item with the white space before it."""
    parts: list[tuple[Element | Comment, str]] = []
    gap, text = "", ""

    def flush() -> None:
        nonlocal gap, text
        body = text.strip(_SPACE)
        if body:
            parts.append((Comment(body, "text"), gap + text[: len(text) - len(text.lstrip(_SPACE))]))
            gap = text[len(text.rstrip(_SPACE)) :]
        else:
            gap += text
        text = ""

    for item in element.items:
        if isinstance(item, Comment) and item.kind == "text":
            text += item.text
            continue
        flush()
        parts.append((item, gap))
        gap = ""
    flush()
    return parts


def _blanks(parts: Sequence[tuple[Element | Comment, str]], *, apart: bool) -> list[bool]:
    """Whether a blank line precedes each item: as in the file and, if `apart`, before each tree and its comments."""
    blanks = [index > 0 and gap.count("\n") > 1 for index, (_, gap) in enumerate(parts)]
    for index, (item, _) in enumerate(parts if apart else ()):
        if isinstance(item, Element) and item.tag in _APART:
            first = index
            while first > 0 and not blanks[first] and _leads(parts, first - 1):
                first -= 1
            blanks[first] = first > 0
    return blanks


def _leads(parts: Sequence[tuple[Element | Comment, str]], index: int) -> bool:
    """True for a comment on a line of its own, which belongs to what follows."""
    item, gap = parts[index]
    return isinstance(item, Comment) and item.kind == "comment" and (index == 0 or "\n" in gap)


def _opening(element: Element, indent: str) -> list[str]:
    """The start tag without its end: on one line if it fits, else an attribute a line."""
    written = [f'{name}="{escape_attribute(element.attributes[name])}"' for name in _ordered(element)]
    line = f"{indent}<{element.tag}" + "".join(f" {each}" for each in written)
    if len(line) + 2 <= MAX_WIDTH or len(written) < 2:
        return [line]
    return [f"{indent}<{element.tag}", *(f"{indent}    {each}" for each in written)]


def _ordered(element: Element) -> list[str]:
    """Names of the attributes in canonical order: identity, ports as written, conditions, attributes of editors."""

    def rank(name: str) -> int:
        if name in _FIRST:
            return _FIRST.index(name)
        if name in CONDITIONS:
            return 20 + CONDITIONS.index(name)
        return 40 if name.startswith("_") and name != "_autoremap" else 19 if name == "_autoremap" else 10

    return sorted(element.attributes, key=rank)


def _comment(text: str, level: int) -> list[str]:
    """A comment on one line or in its own layout: starting on its first line, or as a block."""
    indent = "  " * level
    text = re.sub("-(?=-)", "- ", text)  # `--` is not allowed in a comment
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    begins = bool(lines[0].strip(" \t"))
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0].strip(" \t"):
        lines.pop(0)
    if not lines:
        return [f"{indent}<!-- -->"]
    if len(lines) == 1:
        return [f"{indent}<!-- {lines[0].strip(chr(32) + chr(9))} -->"]
    if begins:
        rest = [f"{indent}     {line}".rstrip(" \t") for line in _dedent(lines[1:])]
        rest[-1] += " -->"
        return [f"{indent}<!-- {lines[0].lstrip(chr(32) + chr(9))}", *rest]
    return [f"{indent}<!--", *(f"{indent}  {line}".rstrip(" \t") for line in _dedent(lines)), f"{indent}-->"]


def _dedent(lines: list[str]) -> list[str]:
    """Lines without the white space that all of them begin with."""
    margins = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip(" \t")]
    margin = ""
    for same in zip(*margins, strict=False):
        if len(set(same)) > 1:
            break
        margin += same[0]
    return [line.removeprefix(margin) if line.strip(" \t") else "" for line in lines]
