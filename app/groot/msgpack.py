"""JSON values as MessagePack, as far as a blackboard dump needs it."""

from __future__ import annotations

import struct
from typing import Any


def pack(value: Any) -> bytes:
    """Encode None, bool, int of 64 bits, float, str, list, or dict with str keys. TypeError for anything else."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return _head(len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB)) + data
    if isinstance(value, list):
        return _head(len(value), 0x90, 16, (None, 0xDC, 0xDD)) + b"".join(pack(item) for item in value)
    if isinstance(value, dict):
        items = b"".join(pack(key) + pack(item) for key, item in value.items())
        return _head(len(value), 0x80, 16, (None, 0xDE, 0xDF)) + items
    raise TypeError(f"cannot be packed: a value of type {type(value).__name__}")


def _integer(value: int) -> bytes:
    if 0 <= value < 128:
        return struct.pack("B", value)
    if -32 <= value < 0:
        return struct.pack("b", value)
    if value >= 0:
        return b"\xcf" + struct.pack(">Q", value)
    return b"\xd3" + struct.pack(">q", value)


def _head(count: int, short: int, below: int, codes: tuple[int | None, int, int]) -> bytes:
    """The marker of a string, list or map of size `count`: one byte if it is short, else a code and 1, 2 or 4 bytes."""
    if count < below:
        return struct.pack("B", short | count)
    if codes[0] is not None and count < 1 << 8:
        return struct.pack(">BB", codes[0], count)
    if count < 1 << 16:
        return struct.pack(">BH", codes[1], count)
    return struct.pack(">BI", codes[2], count)
