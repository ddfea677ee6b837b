"""Which files a tree is made of: those that are given, and those they include, never outside the folders allowed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trees.reading.elements import Element, Findings, Problem, TreeProblems
from trees.reading.markup import parse, read_source

LIBRARY: Final = Path(__file__).parents[1] / "library"
MAX_FILES: Final = 1000
MAX_CHARACTERS: Final = 4_000_000
"""Of all files together."""


class Files:
    """The root elements of all files, in the order of reading: a file, then what it includes. Each is read once.

    folders: where included files may lie, at any depth, beside the folders of the files given.
    """

    def __init__(self, files: Sequence[Path], folders: Sequence[Path], found: Findings) -> None:
        self._folders = list(dict.fromkeys(folder.resolve() for folder in (*(file.parent for file in files), *folders)))
        self._seen: set[Path] = set()
        self._found = found
        self._length = 0
        self.roots: list[Element] = []
        self.given: list[Element] = []
        """The roots of the files that were given, not included."""
        for file in files:
            root = self._read(file)
            if root is not None:
                self.given.append(root)
                self._follow(root, file)

    def _read(self, file: Path) -> Element | None:
        try:
            self._seen.add(file.resolve())
            root = parse(read_source(file))
        except TreeProblems as error:
            self._found.extend(error.problems)
            return None
        except (OSError, ValueError, RuntimeError) as error:  # a name that is none, a ring of links
            self._found.append(Problem(str(file), 1, 1, f"cannot read the tree file: {error}"))
            return None
        self._length += len(root.source.text)
        if root.tag != "root":
            message = f'the root element is <{root.tag}>, expected <root BTCPP_format="4">'
            self._found.append(root.problem(message))
            return None
        self.roots.append(root)
        return root

    def _follow(self, root: Element, file: Path) -> None:
        """Read what a file includes, and what that includes, in the order of the includes."""
        left = [(element, file) for element in reversed(root.children) if element.tag == "include"]
        while left and not self._found.full:
            element, by = left.pop()
            wanted = self._allowed(element, by)
            if wanted is None or wanted.resolve() in self._seen:
                continue
            if len(self._seen) >= MAX_FILES or self._length > MAX_CHARACTERS:
                message = f"too much is included: at most {MAX_FILES} files and {MAX_CHARACTERS} characters"
                self._found.append(element.problem(message))
                return
            included = self._read(wanted)
            if included is not None:
                left.extend((each, wanted) for each in reversed(included.children) if each.tag == "include")

    def _allowed(self, element: Element, by: Path) -> Path | None:
        """The file that an <include> names, or None with a problem if it may not or cannot be read."""
        if "ros_pkg" in element.attributes:
            package = element.attributes["ros_pkg"]
            message = (
                f"<include> names the ROS package '{package}', and packages are not searched here; "
                "give the file itself too, or its path without ros_pkg"
            )
            self._found.append(element.problem(message, "ros_pkg"))
            return None
        path = element.attributes.get("path", "")
        if not path.strip():
            self._found.append(element.problem('<include> names no file; expected path="other.xml"', "path"))
            return None
        wanted = Path(os.path.normpath(by.parent / path))
        try:
            real = wanted.resolve()
            inside = any(real.is_relative_to(folder) for folder in self._folders)
            exists = inside and real.is_file()
        except (OSError, ValueError, RuntimeError) as error:
            self._found.append(element.problem(f"<include> names '{path}', which is no file: {error}", "path"))
            return None
        if not inside:
            folders = ", ".join(map(str, self._folders))
            message = f"<include> names '{path}', which is outside the folders that may be read: {folders}"
            message += "; --folder DIR adds one"
            self._found.append(element.problem(message, "path"))
            return None
        if not exists:
            message = f"<include> names '{path}', and there is no such file"
            part = LIBRARY / "parts" / wanted.name
            if part.is_file():
                message += f"; the library's is {part}: copy its folder beside your file"
            self._found.append(element.problem(message, "path"))
            return None
        return wanted
