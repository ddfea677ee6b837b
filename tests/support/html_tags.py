"""What an HTML file is made of, for tests that nothing of a text becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

HOSTILE: Final = (
    "</title></text></li></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\x00\x1b]0;x\x07"
)


class Tags(HTMLParser):
    """tags: (name, attributes) of each start tag, in order. scripts: the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.tags}

    @property
    def attributes(self) -> set[str]:
        return {name for _, attributes in self.tags for name in attributes}


def obeys_nothing_of(text: str) -> Tags:
    """The parts of a page in which `HOSTILE` is only text."""
    read = Tags(text)
    assert not {name for name in read.attributes if name.startswith("on")}
    assert not [attributes for name, attributes in read.tags if name == "img" and attributes.get("src") == "x"]
    assert not [script for script in read.scripts if "alert(1)" in script]
    assert "\x1b" not in text
    assert "\x00" not in text
    return read
