"""Answers Groot2 and other clients on its own thread.

The tick thread never waits for it: it changes bytes and appends to a bounded queue. Only a breakpoint, where hooks are
enabled, holds the tree, until its client is silent for too long.
"""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from app.groot import protocol
from app.groot.protocol import BadRequestError, Request
from perception.base.errors import ConfigError
from perception.base.extras import require

if TYPE_CHECKING:
    from app.groot.hooks import Hooks
    from app.groot.source import Source

LARGEST_REQUEST: Final = 1 << 20
"""Bytes of one part; a client that sends more is disconnected."""
POLL_MS: Final = 100
JOIN_S: Final = 2.0
LOOPBACK: Final = "127.0.0.1"
LAST_PORT: Final = 65_534
WAITING: Final = "no tree is running yet"


class Publisher:
    """Two sockets: requests on `port`, breakpoint notices on `port + 1`, of the loopback interface.

    The first is a ROUTER used like a REP socket, because a REP socket answers nobody any more after one malformed
    request. Both are bound here, before the robot starts: ConfigError for a port in use. `serve` starts the answers.
    """

    def __init__(self, port: int) -> None:
        if not 1 <= port <= LAST_PORT:
            raise ConfigError(f"--groot {port}: not a port; give a number from 1 to {LAST_PORT} (two are used)")
        zmq = _zmq()
        self._zmq, self.port = zmq, port
        self._context = zmq.Context(io_threads=1)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._source: Source | None = None
        self._hooks: Hooks | None = None
        self._server = self._socket(zmq.ROUTER)
        self._notices = self._socket(zmq.PUB)
        self._notices_lock = threading.Lock()
        for socket, number in ((self._server, port), (self._notices, port + 1)):
            try:
                socket.bind(f"tcp://{LOOPBACK}:{number}")
            except zmq.ZMQError as error:
                self._context.destroy(linger=0)
                raise ConfigError(
                    f"--groot: cannot listen on {LOOPBACK}:{number}: {error.strerror}; "
                    f"another run may use it: choose another with --groot PORT"
                ) from error

    def _socket(self, kind: int) -> Any:
        socket = self._context.socket(kind)
        socket.setsockopt(self._zmq.LINGER, 0)
        socket.setsockopt(self._zmq.MAXMSGSIZE, LARGEST_REQUEST)
        socket.setsockopt(self._zmq.SNDHWM, 100)
        socket.setsockopt(self._zmq.RCVHWM, 100)
        return socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def serve(self, source: Source, hooks: Hooks | None = None) -> None:
        """Answer for this tree from now on. hooks: None refuses breakpoints and injected results."""
        self._source, self._hooks = source, hooks
        if hooks is not None:
            hooks.notify = self._notice
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="groot", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop answering and free the ports; safe twice."""
        self._stop.set()
        if self._hooks is not None:
            self._hooks.close()
        if self._thread is not None:
            self._thread.join(JOIN_S)
            self._thread = None
        with self._notices_lock:
            self._context.destroy(linger=0)

    def _loop(self) -> None:
        zmq = self._zmq
        while not self._stop.is_set():
            try:
                if not self._server.poll(POLL_MS):
                    continue
                parts = self._server.recv_multipart(zmq.NOBLOCK)
            except zmq.ZMQError:  # the client has disconnected in the middle of a request
                continue
            if b"" not in parts[1:]:  # not from a REQ socket
                continue
            body = parts.index(b"", 1) + 1
            if self._hooks is not None:
                self._hooks.heard()
            with contextlib.suppress(zmq.ZMQError):  # the client has gone
                self._server.send_multipart([*parts[:body], *self._answer(parts[body:])], zmq.NOBLOCK)

    def _answer(self, parts: list[bytes]) -> list[bytes]:
        """The reply to any request; never raises for what a client sends."""
        try:
            request = protocol.read_request(parts)
            source = self._source
            if source is None:
                raise BadRequestError(WAITING)
            payload = self._payload(request, source)
        except BadRequestError as error:
            return [b"error", str(error).encode("utf-8", "replace")]
        except Exception as error:  # the boundary of the thread: report it to the client and go on
            return [b"error", f"{type(error).__name__}: {error}".encode("utf-8", "replace")]
        header = protocol.reply_header(request, source.tree_uuid)
        return [header] if payload is None else [header, payload]

    def _payload(self, request: Request, source: Source) -> bytes | None:
        match request.kind:
            case protocol.FULL_TREE:
                return source.xml.encode("utf-8", "replace")
            case protocol.STATUS:
                return source.statuses()
            case protocol.BLACKBOARD:
                return source.blackboards(request.text())
            case protocol.TOGGLE_RECORDING:
                return _record(request.text(), source)
            case protocol.GET_TRANSITIONS:
                return source.take_transitions()
        if self._hooks is not None:
            return self._hooks.answer(request)
        if request.kind == protocol.HOOKS_DUMP:
            return b"[]"
        if request.kind in (protocol.HOOKS_REMOVE_ALL, protocol.HOOKS_DISABLE_ALL):
            return None
        if request.kind in (protocol.HOOK_INSERT, protocol.HOOK_REMOVE, protocol.HOOK_UNLOCK):
            raise BadRequestError("hooks are refused; they need a simulated robot and --groot-hooks")
        raise BadRequestError("Request not recognized")

    def _notice(self, number: int, uid: int) -> None:
        """Report that a breakpoint was reached. Called on the tick thread; does not wait."""
        with self._notices_lock, contextlib.suppress(self._zmq.ZMQError):
            if not self._notices.closed:
                self._notices.send_multipart([protocol.notice_header(number), str(uid).encode()], self._zmq.NOBLOCK)


def _record(command: str, source: Source) -> bytes | None:
    if command == "start":
        return source.start_recording().encode()
    if command == "stop":
        source.stop_recording()
        return None
    raise BadRequestError("recording: the payload is 'start' or 'stop'")


def _zmq() -> Any:
    require("--groot", "groot")
    import zmq

    return zmq
