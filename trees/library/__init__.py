"""The trees that ship with the program, and which file is meant: a path, or the name of one of them."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from trees.errors import TreeError
from trees.reading.files import shown
from trees.reading.includes import LIBRARY


def library_names() -> list[str]:
    """The names of the trees that ship with the program."""
    return sorted(file.stem for file in LIBRARY.glob("*.xml"))


def find_tree(text: str) -> Path:
    """The file that `text` names. TreeError, with the choices, if there is none."""
    path = Path(text)
    if os.path.lexists(path):  # whoever reads it says what it is, if it is no file
        return path
    names = library_names()
    if text in names:
        return LIBRARY / f"{text}.xml"
    near = get_close_matches(path.stem, names, 1, 0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    is_name = not path.suffix and len(path.parts) == 1
    what = "no such file, and no tree of this name in the library" if is_name else "no such file"
    raise TreeError(f"{shown(text)}: {what}.{hint} Library: {', '.join(names) or 'empty'}")
