"""The bytes of BehaviorTree.CPP's monitoring protocol, version 2. All numbers are little-endian.

request   part 0: u8 protocol, u8 type, u32 id          part 1: payload, if the type has one
reply     part 0: the same 6 bytes and 16 of the tree's UUID   part 1: payload, if there is one
error     part 0: b"error"                              part 1: message
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PROTOCOL: Final = 2

FULL_TREE, STATUS, BLACKBOARD = b"T", b"S", b"B"
HOOK_INSERT, HOOK_REMOVE, HOOK_UNLOCK, HOOKS_DUMP = b"I", b"R", b"U", b"D"
HOOKS_REMOVE_ALL, HOOKS_DISABLE_ALL, BREAKPOINT_REACHED = b"A", b"X", b"N"
TOGGLE_RECORDING, GET_TRANSITIONS = b"r", b"t"

_HEADER: Final = struct.Struct("<BcI")
_STATUS: Final = struct.Struct("<HB")


class BadRequestError(Exception):
    """A request that cannot be answered; its message is sent to the client."""


@dataclass(frozen=True)
class Request:
    """kind: one of the types above, one byte. payload: None if there was no second part."""

    kind: bytes
    number: int
    payload: bytes | None

    def text(self) -> str:
        """The payload as text. BadRequestError if there is none or it is not UTF-8."""
        if self.payload is None:
            raise BadRequestError("must be 2 parts message")
        try:
            return self.payload.decode()
        except UnicodeDecodeError as error:
            raise BadRequestError(f"the payload is not UTF-8: {error.reason}") from error


def read_request(parts: list[bytes]) -> Request:
    """Decode a request. BadRequestError if the parts are not one. The protocol number is ignored, as in
    BehaviorTree.CPP."""
    if not 1 <= len(parts) <= 2 or len(parts[0]) != _HEADER.size:
        raise BadRequestError("wrong request header")
    _, kind, number = _HEADER.unpack(parts[0])
    return Request(kind, number, parts[1] if len(parts) == 2 else None)


def reply_header(request: Request, tree_uuid: bytes) -> bytes:
    """Part 0 of the reply. tree_uuid: 16 bytes."""
    return _HEADER.pack(PROTOCOL, request.kind, request.number) + tree_uuid


def notice_header(number: int) -> bytes:
    """Part 0 of the notice that a breakpoint was reached."""
    return _HEADER.pack(PROTOCOL, BREAKPOINT_REACHED, number)


def statuses(uids: Iterable[int], codes: Iterable[int]) -> bytes:
    """The status of every node: u16 uid, u8 code."""
    return b"".join(_STATUS.pack(uid, code) for uid, code in zip(uids, codes, strict=True))
