"""The pages of one run, from its options: the server, and the buttons."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.base.interrupts import Interrupts
from app.base.output import note
from app.session.options import RunOptions
from app.views.choose import Both
from app.views.model import View
from app.web.controls import Controls

if TYPE_CHECKING:
    from app.web.live import LiveRun
    from behaviours.recording.result import Result
    from behaviours.recording.session import RunSession
    from behaviours.robot import Robot


class Web:
    """Binds the port and prints the address at once, before the robot starts, if the options name a port. ConfigError
    for a port in use."""

    def __init__(self, options: RunOptions, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._closing = ExitStack()
        self._live: LiveRun | None = None
        self._controls = Controls(interrupts)
        if options.web is not None:
            from app.web.live import LiveRun
            from app.web.server import Pages

            self._live = LiveRun(Path(options.tree).stem, self._controls)
            pages = self._closing.enter_context(Pages(self._live, options.web))
            note(f"watch: {pages.address}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closing.close()

    def beside(self, view: View, *, can_pause: bool) -> View:
        """A view that shows the run in the pages, too. can_pause: see `Controls`."""
        if self._live is None:
            return view
        self._controls.can_pause, self._controls.tell = can_pause, view.stage
        return Both(view, self._live)

    def follow(self, session: RunSession, robot: Robot) -> None:
        """Show this run from now on."""
        if self._live is not None:
            self._live.follow(session, robot.model)

    def before_tick(self) -> None:
        """Wait while the tree is paused; KeyboardInterrupt if a signal has come."""
        self._controls.hold()
        self._interrupts.check()

    def end(self, result: Result) -> None:
        """The run has ended."""
        if self._live is not None:
            self._live.end(result.status, result.reason)
