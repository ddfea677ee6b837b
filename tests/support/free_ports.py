"""Ports for servers of the tests that must be told one."""

from __future__ import annotations

import os
import socket

_next = 10_000 + os.getpid() * 40 % 20_000


def free_port() -> int:
    """A port with a free one above it, which this process gives once.

    They lie below those that the system gives to whoever asks for any, and other processes begin elsewhere, so that no
    other test takes it before its server does.
    """
    global _next
    while True:
        port = _next
        _next = 10_000 + (_next - 10_000 + 2) % 20_000
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port
