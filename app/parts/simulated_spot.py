"""`--hostname sim`: the simulated Spot is started on this machine, and spoken to like any other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from behaviours.robots.spot.link.connection import Target
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.robot import SpotRobot
from perception.base.files import open_append
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from simulation.spot_api import FaultSpec, SpotServer
    from simulation.spot_api.body.steering import Steerable

LOCAL: Final = "127.0.0.1"
PATIENCE: Final = 10.0
"""Physics that is compiled for the first time, or a busy machine, keeps it from answering for some seconds."""


class SimulatedSpot(SpotRobot):
    """A `SpotRobot` that brings its own Spot: a server of the Spot API with `body` behind it.

    body: what moves, not entered yet. speed: simulated seconds for one of the wall. log: file for what the server
    receives, one JSON object a line, or None. faults: what shall go wrong. looks_only: see `SpotRobot`. `server` is
    there inside `with`.
    """

    def __init__(
        self,
        body: Steerable,
        options: SpotOptions | None = None,
        *,
        speed: float = 1.0,
        log: Path | None = None,
        faults: Sequence[FaultSpec] = (),
        looks_only: bool = False,
    ) -> None:
        super().__init__(Target(LOCAL), options, looks_only=looks_only)
        self._body, self._speed, self._log, self._faults = body, speed, log, faults
        self._stack = contextlib.ExitStack()
        self.server: SpotServer

    def __enter__(self) -> Self:
        from simulation.spot_api import SpotServer

        with contextlib.ExitStack() as stack:
            logger = None if self._log is None else stack.enter_context(_logger(self._log))
            self.server = stack.enter_context(
                SpotServer(self._body, speed=self._speed, log=logger, faults=self._faults)
            )
            credentials = (self.server.username, self.server.password)
            self._target = Target(LOCAL, self.server.port, self.server.ca_file, credentials, PATIENCE)
            super().__enter__()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with self._stack:
            super().__exit__(kind, error, tb)

    def node_ticked(self, path: str) -> None:
        """A node of the run's tree was ticked, which may be the trigger of a fault."""
        self.server.faults.tick(path)

    def ground_truth(self) -> dict[str, float]:
        """What the simulator's judge knows, for after a run; empty if it has none."""
        judge: Any = getattr(self._body, "ground_truth", dict)
        return dict(self.server.world.call(lambda _body: judge()))


@contextlib.contextmanager
def _logger(file: Path) -> Any:
    """A structlog logger that writes JSON lines."""

    import structlog

    with open_append(file) as stream:
        yield structlog.wrap_logger(
            structlog.BytesLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
                lambda _logger, _method, event: json_text(event, ensure_ascii=False, default=str).encode(),
            ],
            wrapper_class=structlog.BoundLogger,
        )
