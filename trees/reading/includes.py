"""Reads tree files and the files that they include, which must be in allowed folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trees.reading.elements import Element, Problem, ProblemList, TreeProblems
from trees.reading.markup import parse, read_source

LIBRARY: Final = Path(__file__).parents[1] / "library"
"""The trees that ship with the program."""
MAX_FILES: Final = 1000
MAX_CHARACTERS: Final = 4_000_000
"""In all files together."""


class Files:
    """The root elements of all files, in the order of reading: a file, then what it includes. Each is read once.

    files: the entry files. folders: where included files may be, at any depth, beside the folders of the entry files.
    problems: new ones are added to it.
    """

    def __init__(self, files: Sequence[Path], folders: Sequence[Path], problems: ProblemList) -> None:
        self._folders = list(dict.fromkeys(folder.resolve() for folder in (*(file.parent for file in files), *folders)))
        self._seen: set[Path] = set()
        self._problems = problems
        self._length = 0
        self.roots: list[Element] = []
        self.entry_roots: list[Element] = []
        """The roots of the entry files alone."""
        for file in files:
            root = self._read(file)
            if root is not None:
                self.entry_roots.append(root)
                self._follow(root, file)

    def _read(self, file: Path) -> Element | None:
        try:
            self._seen.add(file.resolve())
            root = parse(read_source(file))
        except TreeProblems as error:
            self._problems.extend(error.problems)
            return None
        except (OSError, ValueError, RuntimeError) as error:  # an impossible name, a circle of links
            self._problems.append(Problem(str(file), 1, 1, f"cannot read the tree file: {error}"))
            return None
        self._length += len(root.source.text)
        if root.tag != "root":
            message = f'the root element is <{root.tag}>, expected <root BTCPP_format="4">'
            self._problems.append(root.problem(message))
            return None
        self.roots.append(root)
        return root

    def _follow(self, root: Element, file: Path) -> None:
        """Read the files that a file includes, and those that they include, in the order of the includes."""
        pending = [(element, file) for element in reversed(root.children) if element.tag == "include"]
        while pending and not self._problems.full:
            element, by = pending.pop()
            target = self._allowed(element, by)
            if target is None or target.resolve() in self._seen:
                continue
            if len(self._seen) >= MAX_FILES or self._length > MAX_CHARACTERS:
                message = f"too much is included: at most {MAX_FILES} files and {MAX_CHARACTERS} characters"
                self._problems.append(element.problem(message))
                return
            included = self._read(target)
            if included is not None:
                pending.extend((each, target) for each in reversed(included.children) if each.tag == "include")

    def _allowed(self, element: Element, by: Path) -> Path | None:
        """The file that an <include> names; None, with a problem, if it is not allowed or cannot be read."""
        if "ros_pkg" in element.attributes:
            package = element.attributes["ros_pkg"]
            message = (
                f"<include> names the ROS package '{package}', and packages are not searched here; "
                "give the file itself too, or its path without ros_pkg"
            )
            self._problems.append(element.problem(message, "ros_pkg"))
            return None
        path = element.attributes.get("path", "")
        if not path.strip():
            self._problems.append(element.problem('<include> names no file; expected path="other.xml"', "path"))
            return None
        target = Path(os.path.normpath(by.parent / path))
        try:
            real = target.resolve()
            inside = any(real.is_relative_to(folder) for folder in self._folders)
            exists = inside and real.is_file()
        except (OSError, ValueError, RuntimeError) as error:
            self._problems.append(element.problem(f"<include> names '{path}', which is no file: {error}", "path"))
            return None
        if not inside:
            folders = ", ".join(map(str, self._folders))
            message = f"<include> names '{path}', which is outside the folders that may be read: {folders}"
            message += "; --folder DIR adds one"
            self._problems.append(element.problem(message, "path"))
            return None
        if not exists:
            message = f"<include> names '{path}', and there is no such file"
            part = LIBRARY / "parts" / target.name
            if part.is_file():
                message += f"; the library's is {part}: copy its folder beside your file"
            self._problems.append(element.problem(message, "path"))
            return None
        return target
