"""Who gets in: whoever knows the address, on this computer; and strangers cannot hold anything up."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from app.web.server import HEADERS, MOST_BODY, MOST_STRANGERS, OWN, SHARED, Pages
from perception.base.errors import ConfigError
from tests.app.web.sources import Still, Watcher, ask, place, press


@pytest.fixture
def source() -> Still:
    return Still()


@pytest.fixture
def pages(source: Still) -> Iterator[Pages]:
    with Pages(source, 0) as pages:
        yield pages


def test_the_page_and_its_parts_are_there_and_fetch_nothing_from_elsewhere(pages: Pages, source: Still) -> None:
    code, headers, page = ask(pages, place(pages))
    assert (code, headers["content-type"]) == (200, "text/html; charset=utf-8")
    for name in (*SHARED, *OWN):
        code, headers, text = ask(pages, place(pages) + name)
        assert code == 200
        assert b"http://" not in text.replace(b"http://www.w3.org", b"")
        assert b"https://" not in text
    assert b"<script>" not in page
    assert json.loads(ask(pages, f"{place(pages)}start.json")[2])["title"] == "still"
    assert ask(pages, f"{place(pages)}tree.html")[2].decode() == source.tree()
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert "access-control-allow-origin" not in headers
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    "path",
    ["/", "/start.json", "/wrong/", "/%s", "/%sx/", "/../%s/", "/x%s/start.json", "/%C3%A9/", "/%s%%2f", "*", ""],
)
def test_without_the_secret_there_is_nothing(pages: Pages, path: str) -> None:
    secret = place(pages).strip("/")
    code, _, content = ask(pages, path % secret if "%s" in path else path)
    assert (code, content) in ((404, b""), (400, content))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.", "[::2]:1", ""]
)
def test_a_foreign_name_of_the_host_gets_nothing(pages: Pages, host: str) -> None:
    assert ask(pages, place(pages), Host=host)[0] == 404
    assert press(pages, "stop", Host=host) == 404
    assert pages._hub.source.pressed == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:1", "[::1]:8765", "[::1]"])
def test_an_ssh_tunnel_may_have_another_port(pages: Pages, host: str) -> None:
    assert ask(pages, place(pages), Host=host)[0] == 200


def test_a_button_is_pressed_on_our_own_page_only(pages: Pages, source: Still) -> None:
    ours = {"Origin": f"http://127.0.0.1:{pages.port}", "Host": f"127.0.0.1:{pages.port}"}
    assert press(pages, "stop", **ours) == 204
    assert press(pages, "stop", Origin="http://evil.example") == 404
    assert press(pages, "stop", Origin="null") == 404
    assert press(pages, "stop", Sec_Fetch_Site="cross-site") == 404
    assert press(pages, "stop", Content_Type="text/plain") == 400  # what a form of another page could send
    assert press(pages, "dance") == 400
    assert ask(pages, "/wrong/act", "POST", b'{"do": "stop"}', Content_Type="application/json")[0] == 404
    assert ask(pages, f"{place(pages)}act")[0] == 404  # a link or a picture presses nothing
    assert [name for name, _ in source.pressed] == ["stop", "dance"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'{"do": 1, "value": "x"}', b'{"value": 1}', b"[" * 500, b"\xff"]
)
def test_nonsense_presses_nothing(pages: Pages, source: Still, body: bytes) -> None:
    assert ask(pages, f"{place(pages)}act", "POST", body, Content_Type="application/json")[0] == 400
    assert source.pressed == []


@pytest.mark.parametrize("size", [str(MOST_BODY + 1), "9" * 30, "-1", "1e3", "x"])
def test_a_huge_button_is_not_read(pages: Pages, source: Still, size: str) -> None:
    with socket.create_connection(("127.0.0.1", pages.port), timeout=20) as client:
        head = f"POST {place(pages)}act HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 400")
    assert source.pressed == []


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000,
        b"GET / HTTP/1.1\r\nA: " + b"b" * 200_000,
        b"\x00\xff" * 1000 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_huge_or_broken_requests_are_refused_and_the_next_is_served(pages: Pages, request_text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", pages.port), timeout=20) as client, contextlib.suppress(OSError):
        client.sendall(request_text)
        assert not client.recv(1000).startswith(b"HTTP/1.1 200")
    assert ask(pages, place(pages))[0] == 200


def test_pictures_are_those_that_were_announced(pages: Pages, source: Still) -> None:
    source.pictures["frames/001.png"] = b"png"
    code, headers, content = ask(pages, f"{place(pages)}picture/frames/001.png")
    assert (code, headers["content-type"], content) == (200, "image/png", b"png")
    for name in (
        "frames/002.png",
        "../page.py",
        "frames/../../../../etc/passwd",
        "%2e%2e/x",
        "",
        "/etc/passwd",
        "frames/001.png?x",
    ):
        assert ask(pages, f"{place(pages)}picture/{name}")[0] == 404


def test_strangers_who_say_nothing_do_not_keep_a_stop_from_coming_through(pages: Pages, source: Still) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(3 * MOST_STRANGERS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", pages.port), timeout=20))
            with contextlib.suppress(OSError):  # it has had to give way already
                client.sendall(b"GET /" if number % 2 else b"")
        assert press(pages, "stop") == 204
    assert source.pressed == [("stop", 0.0)]


def test_silent_strangers_and_pages_that_do_not_read_do_not_hold_the_end(source: Still) -> None:
    source.grown["log"] = [[number, 0.0, "x" * 1000, "IDLE", "RUNNING", ""] for number in range(1000)]
    with contextlib.ExitStack() as stack:
        with Pages(source, 0) as pages:
            strangers = [
                stack.enter_context(socket.create_connection(("127.0.0.1", pages.port), timeout=20)) for _ in range(10)
            ]
            for client in strangers[:5]:
                client.sendall(b"GET /")
            for client in strangers[5:]:
                client.sendall(f"GET {place(pages)}events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert press(pages, "stop") == 204
            began_s = time.monotonic()
        took_s = time.monotonic() - began_s
        assert took_s < 10.0  # about 1.1; without limits it would be the 5 s of each that sends nothing, or for ever
        with pytest.raises(OSError, match=r"refused|reset"):
            socket.create_connection(("127.0.0.1", pages.port), timeout=20).close()


def test_a_taken_port_is_named_and_a_free_one_is_found(pages: Pages) -> None:
    with pytest.raises(ConfigError, match=rf"cannot listen on 127.0.0.1:{pages.port}: .*--web 0"):
        Pages(Still(), pages.port)
    assert pages.port > 0


def test_each_server_has_a_long_secret_of_its_own(pages: Pages) -> None:
    with Pages(Still(), 0) as other:
        assert len(place(pages)) >= 32
        assert place(pages) != place(other)
        assert ask(other, place(pages))[0] == 404


def test_a_page_gets_what_changes_and_the_end(source: Still) -> None:
    with Pages(source, 0) as pages:
        watcher = Watcher(pages.port, place(pages))
        first = watcher.next()
        assert first is not None
        assert first["whole"]
        source.rows[2] = ("RUNNING", 0.5, "goes")
        news = watcher.next()
        while news is not None and not news["rows"]:
            news = watcher.next()
        assert news is not None
        assert news["rows"] == [[2, "RUNNING", 0.5, "goes"]]
        source.now["ended"] = ["failure", "no"]
    messages = []
    while (message := watcher.next()) is not None:
        messages.append(message)
    assert messages[-1]["now"]["ended"] == ["failure", "no"]
    watcher.close()
