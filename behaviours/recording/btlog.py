"""The run as a `.btlog`, the log format that Groot2 opens.

"BTCPP4-FileLogger2"   18 bytes        u8 1                  i32 length of the XML, the XML
i64 start, microseconds since 1970     then 9 bytes a change, as of `transition`
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from behaviours.recording.writing import RecordError, append

MAGIC: Final = b"BTCPP4-FileLogger2"
VERSION: Final = 1
MAX_TIME_US: Final = 2**48 - 1
_TRANSITION: Final = struct.Struct("<IHHB")  # the time's low 32 and high 16 bits, uid, status


def transition(time_us: int, uid: int, code: int) -> bytes:
    """One change in 9 bytes: u48 microseconds since the start, u16 uid, u8 status 0..3."""
    time_us = min(max(time_us, 0), MAX_TIME_US)
    return _TRANSITION.pack(time_us & 0xFFFFFFFF, time_us >> 32, uid, code)


class BtLog:
    """Writes one file. xml: see `trees.groot_xml`. start_us: wall clock, microseconds since 1970; the changes' times
    are the robot's since then. RecordError if the disk refuses."""

    def __init__(self, path: Path, xml: str, start_us: int) -> None:
        self._path = path
        text = xml.encode("utf-8", "replace")
        try:
            self._file = open(path, "xb", buffering=0)  # noqa: SIM115  (closed by `close`, lives as long as the run)
        except OSError as error:
            raise RecordError(f"cannot write {path}: {error.strerror or error}") from error
        append(
            self._file, self._path, MAGIC + struct.pack("<Bi", VERSION, len(text)) + text + struct.pack("<q", start_us)
        )

    def append(self, time_s: float, changes: Sequence[tuple[int, int]]) -> None:
        """Add changes, (uid, code 0..3), that happened `time_s` seconds after the start, in one write."""
        if changes and not self._file.closed:
            time_us = round(time_s * 1e6)
            append(self._file, self._path, b"".join(transition(time_us, uid, code) for uid, code in changes))

    def close(self) -> None:
        """Safe twice."""
        self._file.close()
