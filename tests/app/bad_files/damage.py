"""What can be wrong with a file: damage of every kind to a good one, and what is no file at all."""

from __future__ import annotations

import json
import os
import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

NUMBERS = (
    b"-1",
    b"0",
    b"nan",
    b"inf",
    b"1e308",
    b"-1e308",
    b"1e-300",
    b"999999999999999999999999",
    b"2147483648",
    b"''",
)
WORDS = (4294967295, 2147483647, 2147483648, 0, 1, 65535, 16777216, 4026531840)
ODD: tuple[Any, ...] = (
    None, [], {}, "", "x" * 5000, 1e308, -1, 0, 1e-300, True, 2**62, 10**30, "\x1b[2J", ["a"], "../../etc", {"a": 1},
)  # fmt: skip


PARTS = (
    b"\0", b"\xff\xfe", b"\r\n", b"[" * 50_000, b"(" * 9000, b"<a>" * 40_000, b"a." * 60_000, b'"' * 1000, b"9" * 5000,
)  # fmt: skip


def damaged(good: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """The content with one to three things wrong."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        good = rng.choice(DAMAGES)(good, others, rng)
    return good


def _place(data: bytes, rng: random.Random) -> int:
    """Somewhere, headers first."""
    return rng.randrange(min(len(data), rng.choice((64, 512, 10**9))) + 1)


def _cut(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    return data[: _place(data, rng)]


def _flip(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 4, 40))):
        if changed:
            changed[min(_place(data, rng), len(data) - 1)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _remove(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.choice((1, 4, 30, 1000)) :]


def _insert(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    at = _place(data, rng)
    part = rng.choice((*PARTS, rng.randbytes(rng.choice((1, 4, 100))), data[:2000], rng.choice(others)[:3000]))
    return data[:at] + part + data[at:]


def _lie(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    """A number of a binary header that is not so."""
    at = _place(data, rng)
    size, order = rng.choice((1, 2, 4, 8)), rng.choice(("little", "big"))
    return data[:at] + (rng.choice(WORDS) % 256**size).to_bytes(size, order) + data[at + size :]  # type: ignore[arg-type]


def _number(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    """A number of a text that is silly."""
    found = [*re.finditer(rb"-?\d[\d.eE+-]*", data[:200_000])]
    if not found:
        return data + b" "
    one = rng.choice(found)
    return data[: one.start()] + rng.choice(NUMBERS) + data[one.end() :]


def _other(_: bytes, others: list[bytes], rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"",
            b"\0" * 100,
            b"\x89PNG\r\n\x1a\n",
            b"PK\x03\x04",
            rng.randbytes(300),
            b"\n",
            "ü".encode("latin-1"),
            *others,
        )
    )


def _encoding(data: bytes, _: list[bytes], rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7")), "replace")


def _value(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """A JSON text with one value replaced; lines of JSON too."""
    lines = data.split(b"\n") if data.count(b"\n{") > 3 else [data]
    at = rng.randrange(len(lines))
    try:
        tree = json.loads(lines[at])
    except ValueError:
        return _number(data, others, rng)
    places = [(tree, key) for tree in _inner(tree) for key in (tree if isinstance(tree, dict) else range(len(tree)))]
    if not places:
        return data + b"}"
    where, key = rng.choice(places)
    where[key] = rng.choice(ODD)
    lines[at] = json.dumps(tree).encode()
    return b"\n".join(lines)


def _inner(tree: Any) -> list[Any]:
    if not isinstance(tree, dict | list):
        return []
    return [tree, *(part for child in (tree.values() if isinstance(tree, dict) else tree) for part in _inner(child))]


DAMAGES: tuple[Callable[[bytes, list[bytes], random.Random], bytes], ...] = (
    _cut, _flip, _remove, _insert, _lie, _number, _number, _other, _encoding, _value, _value,
)  # fmt: skip


def special(path: Path, number: int) -> Path | None:
    """What is no file, by number; None after the last."""
    match number:
        case 0:
            return path.with_name("missing" + path.suffix)
        case 1:
            os.mkfifo(path)
        case 2:
            path.symlink_to("/dev/zero")
        case 3:
            path.mkdir()
        case 4:
            path.symlink_to(path)
        case 5:
            return path.with_name("x" * 300 + path.suffix)
        case 6:
            here = os.getcwd()
            os.chdir(path.parent)  # the name of a socket is short
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(path.name)
            os.chdir(here)
        case 7:
            path.symlink_to("/proc/self/mem")
        case 8:
            path.touch()
        case 9:
            os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 10**13)
        case _:
            return None
    return path
