"""Text, JSON, TOML and XML files, read with limits, and outputs, written whole.

Every fault is a ConfigError of one line that names the file. `trees.reading.files` opens the files,
`perception.base.array_files` reads arrays and pictures. Only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import re
import stat
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree
from xml.parsers import expat

from perception.base.errors import ConfigError, WriteError
from trees.reading.files import FILE_KINDS, open_file, read_bytes, reason_of, shown

__all__ = [
    "LIST_BYTES",
    "TEXT_BYTES",
    "check_values",
    "json_of",
    "open_append",
    "open_file",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_text",
    "read_toml",
    "read_xml",
    "replacing",
    "shown",
    "write_atomic",
]

TEXT_BYTES: Final = 1_000_000
"""Size of a configuration file at most."""
LIST_BYTES: Final = 200_000_000
"""Of what this program wrote about its own files."""
MAX_DEPTH: Final = 32
"""Levels of tables and lists, and parts of a dotted key, in TOML and JSON."""
XML_BYTES: Final = 16_000_000
XML_DEPTH: Final = 200
XML_ELEMENTS: Final = 100_000
_KEY: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DOTTED: Final = re.compile(rf"(?<![\w\\-]){_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{MAX_DEPTH}}}")
_STDOUT: Final = ("-", "/dev/stdout")


def read_text(path: Path, what: str, most: int = TEXT_BYTES) -> str:
    """The UTF-8 text of a file, without the mark that some editors put first."""
    content = read_bytes(path, what, most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown(path)}:{line}: not a UTF-8 text file: {error.reason}") from error


def read_json(path: Path, what: str, most: int = TEXT_BYTES) -> Any:
    """What a JSON file says. See `parse_json` for the limits."""
    return json_of(path, read_text(path, what, most))


def json_of(path: Path, text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The same for a text that has been read from the file. pairs: makes each object, a dict if None."""
    try:
        return parse_json(text, pairs)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{shown(path)}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except ValueError as error:
        raise ConfigError(f"{shown(path)}: not JSON that can be used: {error}") from error


def parse_json(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The value of a JSON text. ValueError for more than MAX_DEPTH levels, a number that is not finite or has more
    than 64 bits, or what is no JSON."""
    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        raise ValueError(_too_deep()) from None
    check_values(value)
    return value


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """What a TOML file says, with the limits of `parse_json`."""
    text = read_text(path, what)
    try:
        if _DOTTED.search(text):  # tomllib takes time and memory by the square of the parts
            raise ValueError(_too_deep())
        value = tomllib.loads(text)
        check_values(value)
    except RecursionError:
        raise ConfigError(f"{shown(path)}: not a {what} in TOML: {_too_deep()}") from None
    except ValueError as error:
        raise ConfigError(f"{shown(path)}: not a {what} in TOML: {error}") from error
    return value


def check_values(value: Any) -> None:
    """ValueError for lists and tables more than MAX_DEPTH deep, and for numbers not finite or of more than 64 bits."""
    level = [value]
    for _ in range(MAX_DEPTH):
        for item in level:
            if isinstance(item, float) and not math.isfinite(item):
                raise ValueError(f"the number {item} is not finite")
            if isinstance(item, int) and not -(2**63) <= item < 2**63:
                raise ValueError("a whole number has more than 64 bits")
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise ValueError(_too_deep())


def read_xml(path: Path, what: str) -> ElementTree.Element:
    """The root of an XML file of other programs. ConfigError for document types (nothing is expanded), more than
    XML_DEPTH levels or XML_ELEMENTS elements. Tree files have a reader of their own, `trees.reading.markup`."""
    content = read_bytes(path, what, XML_BYTES)
    depth = count = 0

    def start(*_: Any) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > XML_DEPTH or count > XML_ELEMENTS:
            raise ConfigError(f"{shown(path)}: more than {XML_DEPTH} levels or {XML_ELEMENTS} elements of XML")

    def end(*_: Any) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: Any) -> None:
        raise ConfigError(f"{shown(path)}: has a document type (<!DOCTYPE>), which is not read; remove it")

    try:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
        parser.Parse(content, True)
        return ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError) as error:
        place = f":{error.lineno}:{error.offset + 1}" if isinstance(error, expat.ExpatError) else ""
        raise ConfigError(f"{shown(path)}{place}: not XML: {error}") from error
    except (ValueError, LookupError) as error:  # encodings that expat or Python do not know
        raise ConfigError(f"{shown(path)}: not XML: {error}") from error


def write_atomic(path: Path, content: bytes, *, parents: bool = False, sync: bool = True) -> None:
    """Write an output so that it is there whole or not at all; see `replacing`. `-` and /dev/stdout print it."""
    if str(path) in _STDOUT:
        sys.stdout.flush()
        stream: Any = getattr(sys.stdout, "buffer", None)
        stream.write(content) if stream is not None else sys.stdout.write(content.decode())
        sys.stdout.flush()
        return
    with replacing(path, parents=parents, sync=sync) as part:
        part.write_bytes(content)


@contextlib.contextmanager
def replacing(path: Path, *, parents: bool = False, sync: bool = True) -> Iterator[Path]:
    """Yield the name of a new, empty file beside `path`, with its suffix, that becomes `path` when the block ends well.

    Links are followed; permissions and owner stay; a file with several hard links, or in somebody else's name, is
    rewritten in place. A device, pipe, socket, folder or read-only file is refused, before the block. WriteError if it
    cannot be written; then nothing of it is left, and what was there before is as it was.

    parents: make the folders above it. sync: wait until the disk has it, so that it outlives a loss of power.
    """
    part: Path | None = None
    if "\0" in str(path):
        raise WriteError(shown(path), "a name cannot have a NUL in it")
    try:
        target = Path(os.path.realpath(path))
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        before = _replaceable(path, target)
        part = target.with_name(f".{target.stem[:60]}.{os.getpid()}.part{target.suffix[:20]}")
        part.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(part, flags, 0o666 if before is None else 0o600))
        in_place = before is not None and (before.st_nlink > 1 or not _same_owner(part, before))
        yield part
        if in_place:
            _rewrite(target, part)
        else:
            if before is not None:
                os.chmod(part, stat.S_IMODE(before.st_mode))
            if sync:
                _sync(part)
            os.replace(part, target)
    except OSError as error:
        raise WriteError(shown(path), reason_of(error)) from error
    finally:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def open_append(path: Path) -> io.FileIO:
    """A regular file, made if it is not there, open to append to, unbuffered; `-` and /dev/stdout are stdout.
    WriteError for everything else."""
    try:
        if str(path) in _STDOUT:
            return io.FileIO(os.dup(1), "ab")
        with contextlib.suppress(FileNotFoundError):
            _writable(path, os.stat(path).st_mode)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        return io.FileIO(os.open(path, flags, 0o666), "ab")
    except (OSError, ValueError) as error:
        raise WriteError(shown(path), reason_of(error)) from error


def _replaceable(path: Path, target: Path) -> os.stat_result | None:
    """What is at `target` and may be replaced, None if nothing is."""
    try:
        before = os.stat(target)
    except FileNotFoundError:
        return None
    _writable(path, before.st_mode)
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return before


def _writable(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise WriteError(shown(path), f"it is {FILE_KINDS.get(stat.S_IFMT(mode), 'no file')}; give the name of a file")
    if not mode & 0o222:  # the superuser may write it all the same, and is asked not to
        raise WriteError(shown(path), "it is read-only; `chmod u+w` lets it be written")


def _same_owner(part: Path, before: os.stat_result) -> bool:
    """Give the new file the owner and group of the old one; False if that is not allowed."""
    made = os.stat(part)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.chown(part, before.st_uid, before.st_gid)
        except OSError:
            return False
    return True


def _rewrite(target: Path, part: Path) -> None:
    content = part.read_bytes()
    with target.open("r+b") as file:
        file.write(content)
        file.truncate()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _too_deep() -> str:
    return f"it is nested more than {MAX_DEPTH} levels deep"
