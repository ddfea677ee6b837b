"""The tree drawn in place on a terminal, from the newest snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from app.views.model import NoView, Snapshot
from app.views.picture import picture

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESH_HZ: Final = 10.0
NO_TERMINAL_ROWS: Final = 200


@dataclass
class LiveView(NoView):
    """Draws on rich's thread; `publish` only swaps a reference. stream: the terminal. no_colour: glyphs only."""

    stream: IO[str]
    no_colour: bool = False
    _newest: Callable[[], Snapshot] = field(default=Snapshot, init=False)
    _stage: str = field(default="", init=False)
    _live: Any = field(default=None, init=False)

    def start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self.stream, no_color=self.no_colour, highlight=False)
        self._live = Live(
            get_renderable=self.render,
            console=console,
            refresh_per_second=REFRESH_HZ,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def stage(self, text: str) -> None:
        self._stage = text

    def publish(self, newest: Callable[[], Snapshot]) -> None:
        self._newest = newest
        self._stage = ""

    def stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def render(self) -> RenderableType:
        """The picture of the newest snapshot; called on the refresh thread."""
        room = self._live.console.size.height - 1 if self._live is not None else NO_TERMINAL_ROWS
        encoding = (getattr(self.stream, "encoding", None) or "utf-8").lower().replace("-", "")
        return picture(self._newest(), room, self._stage, ascii_only=not encoding.startswith("utf"))
