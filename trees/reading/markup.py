"""The parser of XML: elements, attributes, comments and texts with their positions.

It accepts deviations that BehaviorTree.CPP 4.10 accepts and other parsers refuse: a bare `&` or `<` in the value of an
attribute, `--` in a comment, unknown entities (kept as they are), undeclared prefixes. Document types are refused, so
nothing is expanded and no other file is read. The time is proportional to the length of the text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from trees.errors import ConfigError
from trees.reading.elements import Comment, Element, Problem, Source, TreeProblems
from trees.reading.files import read_bytes, shown

MAX_BYTES: Final = 2_000_000
MAX_DEPTH: Final = 300
"""Nested elements: 256 levels of nodes, as in BehaviorTree.CPP 4.10, and the elements around them."""
MAX_ELEMENTS: Final = 100_000
"""In one file; a tree has 65,535 nodes at most."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAME = "[^\x00-9;-@[-^`{-\x7f][^\x00-,/;-@[-^`{-\x7f]*"
"""A letter, _, : or what is beyond ASCII, then digits, . and - as well; a class of what it is not compiles quicker."""
_OPEN = re.compile(f"<({_NAME})")
_CLOSE = re.compile(f"</({_NAME})[ \t\n]*>")
_ATTRIBUTE = re.compile(f"[ \t\n]*({_NAME})[ \t\n]*=[ \t\n]*(?:\"([^\"]*)\"|'([^']*)')")
_NAME_ONLY = re.compile(f"[ \t\n]*({_NAME})")
_END = re.compile("[ \t\n]*(/?)>")
_SPACE = re.compile("[ \t\n]*")
_REFERENCE = re.compile("&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_INERT = (("<!--", "-->", "comment"), ("<![CDATA[", "]]>", "text"), ("<?", "?>", "instruction"))
_NAMES = {"comment": "a comment", "text": "a CDATA section", "instruction": "a processing instruction"}


def decode(raw: str) -> str:
    """The text with its references resolved; invalid references stay as they are."""
    return _REFERENCE.sub(_character, raw) if "&" in raw else raw


def _character(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _ENTITIES[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or _CONTROL.match(chr(code)):
        return match.group()
    return chr(code)


def read_source(path: Path) -> Source:
    """Read a file. TreeProblems if it cannot be read, is too big or is not UTF-8."""
    name = str(path)
    try:
        raw = read_bytes(path, "tree file", MAX_BYTES)
    except ConfigError as error:
        reason = str(error).removeprefix(f"{shown(path)}: ")
        raise TreeProblems([Problem(shown(name), 1, 1, reason)]) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TreeProblems([Problem(name, line, 1, f"not a UTF-8 text file: {error.reason}")]) from error
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"), raw)


def parse(source: Source) -> Element:
    """The root element. TreeProblems, with the position, if the text is not XML."""
    return parse_all(source)[0]


def parse_all(source: Source) -> tuple[Element, list[Element | Comment]]:
    """The root element, and the items at the top level: the root, comments and instructions."""
    reader = _Reader(source)
    reader.read()
    roots = [item for item in reader.top if isinstance(item, Element)]
    return roots[0], reader.top


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source, self._text = source, source.text
        self._stack: list[Element] = []
        self.top: list[Element | Comment] = []
        self._has_root = False
        self._count = 0

    def _wrong(self, offset: int, message: str) -> TreeProblems:
        return TreeProblems([self._source.problem(offset, f"not well-formed XML: {message}")])

    def read(self) -> None:
        text, at = self._text, 0
        if bad := _CONTROL.search(text):
            raise self._wrong(bad.start(), f"a control character (code {ord(bad.group())})")
        while (start := text.find("<", at)) >= 0:
            self._add_text(at, start)
            at = self._markup(start)
        self._add_text(at, len(text))
        if self._stack:
            last = self._stack[-1]
            raise self._wrong(len(text), f"the file ends before <{last.tag}> of line {last.line} is closed")
        if not self._has_root:
            raise self._wrong(len(text), "there is no element in the file")

    def _add_text(self, start: int, end: int) -> None:
        if start == end:
            return
        text = self._text[start:end]
        if self._stack:
            self._stack[-1].items.append(Comment(decode(text), "text"))
        elif text.strip(" \t\n"):
            space = _SPACE.match(self._text, start)
            raise self._wrong(space.end() if space else start, "text outside the root element")

    def _markup(self, start: int) -> int:
        """Read the markup that begins with the `<` at `start`; returns its end."""
        text = self._text
        second = text[start + 1 : start + 2]
        if second == "/":
            return self._close(start)
        if second in "!?" and second:
            return self._inert(start)
        opening = _OPEN.match(text, start)
        if opening is None:
            raise self._wrong(start, "a '<' with no name after it; write &lt; in a text")
        return self._open(start, opening.group(1), opening.end())

    def _inert(self, start: int) -> int:
        for begin, end, kind in _INERT:
            if not self._text.startswith(begin, start):
                continue
            stop = self._text.find(end, start + len(begin))
            if stop < 0:
                raise self._wrong(start, f"{_NAMES[kind]} that does not end; expected {end}")
            comment = Comment(self._text[start + len(begin) : stop], kind)
            if kind == "text" and not self._stack:
                raise self._wrong(start, "text outside the root element")
            (self._stack[-1].items if self._stack else self.top).append(comment)
            return stop + len(end)
        message = "document types and entities are not accepted in a tree file"
        raise TreeProblems([self._source.problem(start, message)])

    def _close(self, start: int) -> int:
        closing = _CLOSE.match(self._text, start)
        if closing is None:
            raise self._wrong(start, "an end tag that is no `</Name>`")
        if not self._stack:
            raise self._wrong(start, f"</{closing.group(1)}> closes nothing")
        element = self._stack.pop()
        if element.tag != closing.group(1):
            message = f"</{closing.group(1)}> stands where <{element.tag}> of line {element.line} must be closed"
            raise self._wrong(start, message)
        element.end = closing.end()
        return closing.end()

    def _open(self, start: int, tag: str, at: int) -> int:
        text = self._text
        attributes: dict[str, str] = {}
        places: dict[str, int] = {}
        while (match := _ATTRIBUTE.match(text, at)) is not None:
            name, double, single = match.groups()
            if name in attributes:
                raise self._wrong(match.start(1), f"<{tag}> has the attribute '{name}' twice")
            attributes[name] = decode(single if double is None else double)
            places[name] = match.start(1)
            at = match.end()
        end = _END.match(text, at)
        if end is None:
            raise self._bad_tag(tag, start, at)
        element = Element(tag, attributes, self._source, start, places)
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TreeProblems([self._source.problem(start, f"more than {MAX_ELEMENTS} elements in one file")])
        if self._stack:
            self._stack[-1].children.append(element)
            self._stack[-1].items.append(element)
        elif self._has_root:
            raise self._wrong(start, f"<{tag}> is a second root element")
        else:
            self.top.append(element)
            self._has_root = True
        element.end = end.end()
        if not end.group(1):
            self._stack.append(element)
            if len(self._stack) > MAX_DEPTH:
                raise TreeProblems([self._source.problem(start, f"elements are nested more than {MAX_DEPTH} deep")])
        return end.end()

    def _bad_tag(self, tag: str, start: int, at: int) -> TreeProblems:
        """The error in a start tag whose valid attributes end at `at`."""
        name = _NAME_ONLY.match(self._text, at)
        if name is None:
            space = _SPACE.match(self._text, at)
            at = space.end() if space else at
            if at >= len(self._text):
                return self._wrong(start, f"the tag <{tag}> does not end")
            return self._wrong(at, f"<{tag}> has {self._text[at]!r} where an attribute or '>' is expected")
        rest = self._text[name.end() : name.end() + 100].lstrip(" \t\n=")
        what = "a value without end" if rest[:1] in ("'", '"') else 'no value in quotes; expected name="value"'
        return self._wrong(name.start(1), f"the attribute '{name.group(1)}' of <{tag}> has {what}")
