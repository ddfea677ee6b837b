"""Files that a person gives, opened with limits: regular files only, looked at before anything is allocated.

Every fault is a ConfigError of one line that names the file. `perception.base.files` reads the formats other than tree
files, and writes. Only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from pathlib import Path
from typing import Final

from trees.errors import ConfigError

FILE_KINDS: Final = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}  # fmt: skip


def open_file(path: Path, what: str, most: int) -> io.BufferedReader:
    """Open a regular file of at most `most` bytes for reading; links are followed. what: the kind of file, for
    messages, such as "scene file". ConfigError for everything else, without blocking."""
    try:
        _regular(path, what, os.stat(path).st_mode)  # some devices act when they are opened
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        file = os.fdopen(number, "rb")
        with contextlib.ExitStack() as stack:
            stack.callback(file.close)
            status = os.fstat(number)
            _regular(path, what, status.st_mode)
            if status.st_size > most:
                raise _too_long(path, what, most)
            stack.pop_all()
    except FileNotFoundError as error:
        raise ConfigError(f"{shown(path)}: no such file; expected the {what}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ConfigError(f"{shown(path)}: cannot read the {what}: {reason_of(error)}") from error
    return file


def read_bytes(path: Path, what: str, most: int) -> bytes:
    """The content of a regular file; see `open_file`."""
    with open_file(path, what, most) as file:
        try:
            content = file.read(most + 1)  # it may grow, and what /proc shows claims to have no length
        except OSError as error:
            raise ConfigError(f"{shown(path)}: cannot read the {what}: {reason_of(error)}") from error
    if len(content) > most:
        raise _too_long(path, what, most)
    return content


def shown(path: Path | str) -> str:
    """A path for messages: printable, on one line, of limited length."""
    text = str(path).encode(errors="backslashreplace").decode()
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= 300 else f"{text[:140]}...{text[-140:]}"


def _regular(path: Path, what: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = FILE_KINDS.get(stat.S_IFMT(mode), "no file")
        raise ConfigError(f"{shown(path)}: is {kind}; the {what} must be a regular file")


def reason_of(error: Exception) -> str:
    """What the operating system says of an error, without the file's name."""
    return getattr(error, "strerror", None) or str(error)


def _too_long(path: Path, what: str, most: int) -> ConfigError:
    return ConfigError(f"{shown(path)}: too long for a {what}; at most {most} bytes")
