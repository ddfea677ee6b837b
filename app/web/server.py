"""The server of the pages: on loopback, for whoever knows the secret part of the address, and nobody else.

Every address begins with the secret. Another one, a foreign name of the host (DNS rebinding) or a button pressed by a
page from elsewhere gets 404. Nothing may be loaded from elsewhere, and no page from elsewhere may read or frame it.
Each connection has a thread and a time limit; the oldest one that has not named the secret makes room for the next, so
strangers cannot keep a stop from coming through.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from app.drawing.page import asset
from app.web.hub import Hub
from app.web.source import Source
from perception.base.errors import ConfigError
from perception.base.files import parse_json, read_text
from perception.base.plain_json import json_text

LOOPBACK: Final = "127.0.0.1"
HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names that a browser on this computer, or at the end of an ssh tunnel, may call it by. The port may differ."""
TIME_S: Final = 5.0
"""For a request, and for each piece of an answer."""
BEAT_S: Final = 5.0
MOST_STRANGERS: Final = 24
MOST_BODY: Final = 1000
"""Bytes of a pressed button."""
ASSETS: Final = Path(__file__).parent / "assets"
TYPES: Final = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
SHARED: Final = ("base.css", "tree.css", "tree.js")
OWN: Final = ("page.css", "page.js", "plot.js", "scene.js")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class Pages:
    """Serves the pages of a source while it is entered. port: 0 takes a free one. It is bound here: ConfigError for a
    port in use. address: what to open in a browser."""

    def __init__(self, source: Source, port: int) -> None:
        self._hub = Hub(source)
        self._secret = secrets.token_urlsafe(24)
        try:
            self._server = _Server((LOOPBACK, port), partial(_Handler, self._hub, self._secret))
        except OSError as error:
            raise ConfigError(
                f"--web: cannot listen on {LOOPBACK}:{port}: {error.strerror}; another run may use it: choose another "
                "with --web PORT, or a free one with --web 0"
            ) from error
        self.port: int = self._server.server_address[1]
        self.address = f"http://{LOOPBACK}:{self.port}/{self._secret}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="web", daemon=True)

    def __enter__(self) -> Self:
        self._hub.__enter__()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._hub.__exit__(kind, error, tb)
        self._server.shutdown()
        self._server.cut()


class _Server(ThreadingHTTPServer):
    """Knows its connections. Those that have not named the secret are few, and the oldest gives way."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self._lock = threading.Lock()
        self._strangers: dict[int, socket.socket] = {}
        self._known: dict[int, socket.socket] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without asking a name server for our own name, as HTTPServer does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._strangers[id(request)] = request
            if len(self._strangers) > MOST_STRANGERS:
                _cut(self._strangers.pop(next(iter(self._strangers))))
        super().process_request(request, client_address)

    def knows(self, request: socket.socket) -> None:
        """This connection has named the secret."""
        with self._lock:
            if self._strangers.pop(id(request), None) is not None:
                self._known[id(request)] = request

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._strangers.pop(id(request), None)
            self._known.pop(id(request), None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection broke, or a client sent nonsense: nobody needs to know."""

    def cut(self) -> None:
        """End all connections and free the port; waits for nobody."""
        self.server_close()
        with self._lock:
            for request in (*self._strangers.values(), *self._known.values()):
                _cut(request)


def _cut(request: socket.socket) -> None:
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "spot-grasp", ""
    timeout = TIME_S
    server: _Server

    def __init__(self, hub: Hub, secret: str, *arguments: Any) -> None:
        self._hub, self._secret = hub, secret
        super().__init__(*arguments)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal belongs to the run."""

    def do_GET(self) -> None:
        source = self._hub.source
        match self._place():
            case None:
                self._answer(404)
            case "":
                self._answer(200, "text/html", asset_of("page.html").encode())
            case "start.json":
                self._answer(200, "application/json", json_text(source.about()).encode())
            case "tree.html":
                self._answer(200, "text/html", source.tree().encode())
            case "events":
                self._events()
            case name if name in SHARED or name in OWN:
                self._answer(200, TYPES[name.rpartition(".")[2]], asset_of(name).encode())
            case place:
                kind, _, name = place.partition("/")
                data = source.picture(name) if kind == "picture" else source.cloud(name) if kind == "cloud" else None
                if data is None:
                    self._answer(404)
                else:
                    self._answer(200, "image/png" if kind == "picture" else "application/octet-stream", data)

    def do_POST(self) -> None:
        if self._place() != "act" or not self._is_ours():
            self._answer(404)
            return
        size = self.headers.get("Content-Length", "")
        if self.headers.get("Content-Type") != "application/json" or not size.isdigit() or int(size) > MOST_BODY:
            self._answer(400)
            return
        try:
            pressed = parse_json(self.rfile.read(int(size)))
            done = self._hub.source.act(str(pressed["do"]), float(pressed.get("value", 0.0)))
        except (ValueError, TypeError, KeyError, AttributeError):
            done = False
        self._answer(204 if done else 400)

    def _place(self) -> str | None:
        """The address below the secret; None if it is not known, or the host has a foreign name."""
        host = self.headers.get("Host", "").lower()
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if (name if port.isdigit() else host) not in HOSTS:
            return None
        secret, slash, place = self.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(secret.encode("utf-8", "replace"), self._secret.encode()) or not slash:
            return None
        self.server.knows(self.connection)
        return place

    def _is_ours(self) -> bool:
        """Whether a button was pressed on our own page."""
        origin, host = self.headers.get("Origin"), self.headers.get("Host", "")
        same = self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return same and origin in (None, f"http://{host}")

    def _answer(self, code: int, kind: str = "text/plain", data: bytes = b"") -> None:
        self.close_connection = True
        self.send_response(code)
        self._send_headers(kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_headers(self, kind: str) -> None:
        text = kind.startswith("text/") or kind == "application/json"
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        for name, value in HEADERS.items():
            self.send_header(name, value)

    def _events(self) -> None:
        """Server-sent events, one for each message, until the run or the page ends."""
        self.close_connection = True
        self.send_response(200)
        self._send_headers("text/event-stream")
        self.end_headers()
        page = self._hub.join()
        version = 0
        try:
            self.wfile.write(b"retry: 500\n\n")
            while (news := self._hub.wait(page, version, BEAT_S)) is not None:
                version, message = news
                self.wfile.write(b"data: " + message + b"\n\n" if message else b": still here\n\n")
            self.wfile.write(b"event: closed\ndata: \n\n")
        finally:
            self._hub.leave(page)


def asset_of(name: str) -> str:
    """A file of the page by its name."""
    return asset(name) if name in SHARED else read_text(ASSETS / name, "part of a page")
