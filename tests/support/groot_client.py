"""A minimal client of the monitoring protocol and a reader of `.btlog`, written from the formats' description alone."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgpack
import zmq

IDLE, RUNNING, SUCCESS, FAILURE = range(4)


class Client:
    """Asks a publisher; `parts` gives the raw answer, the others decode it. TimeoutError if none comes."""

    def __init__(self, port: int, timeout_ms: int = 60_000) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.REQ)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, timeout_ms)
        self.socket.connect(f"tcp://127.0.0.1:{port}")
        self.notices = self._context.socket(zmq.SUB)
        self.notices.setsockopt(zmq.LINGER, 0)
        self.notices.setsockopt(zmq.RCVTIMEO, timeout_ms)
        self.notices.setsockopt(zmq.SUBSCRIBE, b"")
        self.notices.connect(f"tcp://127.0.0.1:{port + 1}")
        self._numbers = itertools.count(0x01020304)
        self.uuid = b""

    def close(self) -> None:
        self._context.destroy(linger=0)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parts(self, kind: str, payload: bytes | None = None) -> list[bytes]:
        header = b"\x02" + kind.encode() + next(self._numbers).to_bytes(4, "little")
        try:
            self.socket.send_multipart([header] if payload is None else [header, payload])
            answer: list[bytes] = self.socket.recv_multipart()
        except zmq.Again:
            raise TimeoutError(f"no answer to {kind}") from None
        if answer[0] != b"error":
            assert len(answer[0]) == 22
            assert answer[0][:6] == header
            self.uuid = answer[0][6:]
        return answer

    def tree(self) -> str:
        return self.parts("T")[1].decode()

    def statuses(self) -> dict[int, int]:
        data = self.parts("S")[1]
        assert len(data) % 3 == 0
        return {int.from_bytes(data[at : at + 2], "little"): data[at + 2] for at in range(0, len(data), 3)}

    def blackboard(self, names: str) -> Any:
        return msgpack.unpackb(self.parts("B", names.encode())[1])

    def transitions(self) -> list[tuple[int, int, int]]:
        return records(self.parts("t")[1])


def records(data: bytes) -> list[tuple[int, int, int]]:
    """(microseconds, uid, status) of 9-byte records; what is left of a record cut in two is dropped."""
    whole = len(data) // 9 * 9
    return [
        (
            int.from_bytes(data[at : at + 6], "little"),
            int.from_bytes(data[at + 6 : at + 8], "little"),
            data[at + 8],
        )
        for at in range(0, whole, 9)
    ]


def read_btlog(path: Path) -> tuple[str, int, list[tuple[int, int, int]]]:
    """(xml, start in microseconds since 1970, records) of a file."""
    assert path.suffix == ".btlog"
    data = path.read_bytes()
    assert data[:18] == b"BTCPP4-FileLogger2"
    assert data[18] == 1
    length = int.from_bytes(data[19:23], "little", signed=True)
    xml = data[23 : 23 + length].decode()
    start = int.from_bytes(data[23 + length : 31 + length], "little", signed=True)
    return xml, start, records(data[31 + length :])
