"""The elements of an XML file with their positions, and the problems of a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from trees.errors import TreeError

MAX_MESSAGE: Final = 1000
MAX_PROBLEMS: Final = 500


@dataclass(frozen=True)
class Problem:
    """A problem of a file, shown as `file:line:column: message`.

    file: as shown to people. line, column: from 1, in characters. message: one line. warning: it may be intended; a
    file with warnings only can be run.
    """

    file: str
    line: int
    column: int
    message: str
    warning: bool = False

    def __post_init__(self) -> None:
        """Make the message one printable line of limited length."""
        text = self.message
        if len(text) > MAX_MESSAGE:
            text = f"{text[:MAX_MESSAGE]}..."
        if not text.isprintable():
            text = "".join(each if each.isprintable() else " " for each in text)
        object.__setattr__(self, "message", text)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{self.message}"


class TreeProblems(TreeError):  # noqa: N818  # it is several errors
    """A tree file that cannot be run. problems: all that were found, warnings included; at least one is an error."""

    def __init__(self, problems: list[Problem]) -> None:
        errors = [problem for problem in problems if not problem.warning]
        more = f" (and {len(errors) - 1} more; `spot-grasp check` lists them)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0]}{more}")
        self.problems = tuple(problems)


class ProblemList(list[Problem]):
    """The problems found so far. After MAX_PROBLEMS one more problem says that the others are not listed."""

    @property
    def full(self) -> bool:
        return len(self) > MAX_PROBLEMS

    def append(self, problem: Problem) -> None:
        if len(self) < MAX_PROBLEMS:
            super().append(problem)
        elif not self.full:
            message = f"more than {MAX_PROBLEMS} problems; the others are not listed"
            super().append(Problem(problem.file, problem.line, problem.column, message))

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.append(problem)
            if self.full:
                break


@dataclass(eq=False)
class Source:
    """The text of one file. name: as shown to people. text: with `\\n` line ends. raw: the bytes of the file."""

    name: str
    text: str
    raw: bytes = b""

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each line."""
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """(line, column) of a character, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def problem(self, offset: int, message: str, *, warning: bool = False) -> Problem:
        return Problem(self.name, *self.place(offset), message, warning)


@dataclass(eq=False)
class Comment:
    """A comment `<!--text-->`, a processing instruction `<?text?>`, or the text between elements."""

    text: str
    kind: str = "comment"  # or "instruction", "text"


@dataclass(eq=False)
class Element:
    """An XML element.

    attributes: decoded, in order. source: its file. offset: of its `<`. places: offset of each attribute's name.
    children: the elements in it. items: the children, and the comments and texts between them. end: after its last `>`.
    """

    tag: str
    attributes: dict[str, str]
    source: Source
    offset: int
    places: dict[str, int]
    children: list[Element] = field(default_factory=list)
    items: list[Element | Comment] = field(default_factory=list)
    end: int = 0

    @property
    def file(self) -> str:
        return self.source.name

    @property
    def line(self) -> int:
        return self.source.place(self.offset)[0]

    @property
    def column(self) -> int:
        return self.source.place(self.offset)[1]

    @property
    def text(self) -> str:
        """The text between its tags, without elements and comments."""
        return "".join(item.text for item in self.items if isinstance(item, Comment) and item.kind == "text").strip()

    def problem(self, message: str, attribute: str = "", *, warning: bool = False) -> Problem:
        """A problem at the element, or at one of its attributes."""
        return self.source.problem(self.places.get(attribute, self.offset), message, warning=warning)

    def seen_from(self, other: Element) -> str:
        """`line 3`, or `line 3 of other.xml` where the other element is in another file."""
        return f"line {self.line}" + ("" if self.source is other.source else f" of {self.file}")

    def walk(self) -> Iterator[Element]:
        """The element and all below it, in the order of the file."""
        left = [self]
        while left:
            element = left.pop()
            yield element
            left.extend(reversed(element.children))

    def subtrees(self) -> list[Element]:
        """The SubTree elements among it and all below it."""
        return [element for element in self.walk() if element.tag == "SubTree"]
