"""The element tree of an XML file with the place of everything in it, and the problems found on the way.

The parser is expat, with entities and document types refused. Files written by hand or by BehaviorTree.CPP's own
tools use a bare `&` or `<` inside attribute values; those are escaped first, column for column reported as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from trees.errors import TreeError

MAX_BYTES = 4_000_000
MAX_DEPTH = 256


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: `file:line:column: message`."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class TreeProblems(TreeError):  # noqa: N818  # it is several errors
    """A tree file that cannot be run, with every problem found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        more = f" (and {len(problems) - 1} more; `spot-grasp check` lists them)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = tuple(problems)


@dataclass
class Element:
    """An XML element. attributes: as written, in order. line, column: of its `<`, counted from 1."""

    tag: str
    attributes: dict[str, str]
    file: str
    line: int
    column: int
    children: list[Element] = field(default_factory=list)

    def problem(self, message: str) -> Problem:
        return Problem(self.file, self.line, self.column, message)


_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")
_TAG_START = re.compile(r"<[A-Za-z_]")
_STOP = re.compile(r"[\"'<>]")


def _escape(text: str) -> str:
    """Text that expat reads: `&` and `<` in attribute values escaped, `--` in comments blanked.

    Line numbers stay, columns after an escape on its line move. Each character is looked at once; what is not XML
    at all is left for expat to report.
    """
    done: list[str] = []
    at = 0
    while (start := text.find("<", at)) >= 0:
        done.append(text[at:start])
        at = start
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            if end < 0:
                break
            done.append(f"<!--{text[start + 4 : end].replace('-', ' ')}-->")
            at = end + 3
        elif _TAG_START.match(text, start):
            escaped, at = _escape_tag(text, start)
            done.append(escaped)
        else:
            done.append("<")
            at += 1
    return "".join([*done, text[at:]])


def _escape_tag(text: str, start: int) -> tuple[str, int]:
    """A start tag with its values escaped, and where it ends; as far as it can be read if it is damaged."""
    done, at = ["<"], start + 1
    while (stop := _STOP.search(text, at)) is not None:
        done.append(text[at : stop.start()])
        at = stop.start()
        if stop.group() == "<":
            return "".join(done), at
        if stop.group() == ">":
            return "".join([*done, ">"]), at + 1
        end = text.find(stop.group(), at + 1)
        if end < 0:
            break
        done.append(_BARE_AMPERSAND.sub("&amp;", text[at : end + 1]).replace("<", "&lt;"))
        at = end + 1
    return "".join([*done, text[at:]]), len(text)


def read_xml(path: Path) -> Element:
    """The root element of a file. TreeProblems with file, line and column if it cannot be read or is no XML."""
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise TreeProblems([Problem(name, 1, 1, f"cannot read the tree file: {error.strerror or error}")]) from error
    if len(raw) > MAX_BYTES:
        raise TreeProblems([Problem(name, 1, 1, f"{len(raw)} bytes are too many for a tree file; at most {MAX_BYTES}")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TreeProblems([Problem(name, 1, 1, f"not a UTF-8 text file: {error.reason}")]) from error
    return _parse(name, text)


def _parse(name: str, text: str) -> Element:
    parser = expat.ParserCreate(namespace_separator=None)
    stack: list[Element] = []
    roots: list[Element] = []

    def here(message: str) -> TreeProblems:
        return TreeProblems([Problem(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, message)])

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise here(f"elements are nested more than {MAX_DEPTH} deep")
        element = Element(tag, attributes, name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def refuse(*_: object) -> None:
        raise here("document types and entities are not accepted in a tree file")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: stack.pop() and None
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(re.sub(r"^(<\?xml[^>]*?)\s+encoding=([\"'])[^\"']*\2", r"\1", _escape(text)).encode(), True)
    except expat.ExpatError as error:
        message = f"not well-formed XML: {expat.ErrorString(error.code)}"
        raise TreeProblems([Problem(name, error.lineno, error.offset + 1, message)]) from error
    return roots[0]
