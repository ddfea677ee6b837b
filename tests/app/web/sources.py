"""Sources of pages for tests, and what a page or a stranger sends."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from app.drawing.tree_view import tree_view
from app.web.server import Pages
from app.web.source import Look
from trees import NodeView


class Still:
    """A source that shows what a test sets. pressed: the buttons, in order."""

    def __init__(self, nodes: int = 3) -> None:
        self.nodes = [
            NodeView(n + 1, f"M/n{n}", f"n{n}", "Act", "Action", min(n, 1), "IDLE", "", {"p": str(n)})
            for n in range(nodes)
        ]
        self.rows: list[tuple[str, float | None, str]] = [("IDLE", None, "")] * nodes
        self.now: dict[str, Any] = {
            "stage": "", "ended": None, "paused": False, "stopping": False, "t": 0.0, "ticks": [1, 20.0, 1.0, 0],
            "state": "", "watched": [], "robot": None, "placed": [], "reports": [],
        }  # fmt: skip
        self.grown: dict[str, list[list[Any]]] = {"log": [], "samples": [], "pictures": []}
        self.pictures: dict[str, bytes] = {}
        self.pressed: list[tuple[str, float]] = []
        self.looks = 0

    def look(self) -> Look:
        self.looks += 1
        return Look(1, list(self.rows), dict(self.now), {name: list(items) for name, items in self.grown.items()})

    def about(self) -> Mapping[str, Any]:
        return {"title": "still", "replay": False, "actions": ["stop", "pause"], "run": "runs/x", "robot": None}

    def tree(self) -> str:
        return tree_view(self.nodes, "still", follow=True)

    def act(self, name: str, value: float) -> bool:
        self.pressed.append((name, value))
        return name in ("stop", "pause", "resume")

    def picture(self, name: str) -> bytes | None:
        return self.pictures.get(name)

    def cloud(self, name: str) -> bytes | None:
        return b"\0\0\0\0" if name in self.pictures else None


def place(pages: Pages) -> str:
    """The part of the address below the host."""
    return "/" + pages.address.split("/", 3)[3]


def ask(
    pages: Pages, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request: code, headers, content. headers: with _ in the place of -."""
    connection = http.client.HTTPConnection("127.0.0.1", pages.port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def press(pages: Pages, name: str, value: float = 0.0, **headers: str) -> int:
    """Press a button as the page does; the code of the answer."""
    headers = {"Content_Type": "application/json", **headers}
    return ask(pages, place(pages) + "act", "POST", json.dumps({"do": name, "value": value}).encode(), **headers)[0]


class Watcher:
    """A page without a browser: takes the server's messages."""

    def __init__(self, port: int, path: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.request("GET", f"{path}events")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200

    def next(self) -> dict[str, Any] | None:
        """The next message; None when there will be no more."""
        while line := self._answer.readline():
            if line.startswith(b"event: closed"):
                return None
            if line.startswith(b"data: {"):
                message: dict[str, Any] = json.loads(line[6:])
                return message
        return None

    def close(self) -> None:
        self._connection.close()
