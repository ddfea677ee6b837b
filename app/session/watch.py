"""All that watches one run, put together from its options: the monitor with its view and log, tree.btlog, Groot2."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from app.groot.btlog import BtLog
from app.session.monitor import Monitor
from app.session.options import SIMULATED, RunOptions
from perception.base.errors import ConfigError
from trees.groot_xml import tree_xml

if TYPE_CHECKING:
    from app.groot.hooks import Hooks
    from app.groot.publisher import Publisher
    from app.session.folder import RunFolder
    from app.views.model import View
    from behaviours.robot import Robot
    from trees import Document, Tree

BTLOG: Final = "tree.btlog"


class Watching:
    """Make it before the robot starts: ports are taken at once, and what cannot be is a ConfigError.

    interrupted: whether the run is to stop; a breakpoint lets go of the tree then.
    """

    def __init__(self, options: RunOptions, interrupted: Callable[[], bool] = lambda: False) -> None:
        self._options, self._interrupted = options, interrupted
        self._closing = ExitStack()
        self._publisher: Publisher | None = None
        if options.groot_hooks and options.robot not in SIMULATED:
            raise ConfigError(
                f"--groot-hooks: not with --robot {options.robot}: anybody who reaches the port could make its leaves "
                f"succeed or fail; take --robot {' or '.join(SIMULATED)}"
            )
        if options.groot_hooks and options.groot is None:
            raise ConfigError("--groot-hooks needs --groot")
        if options.groot is not None:
            from app.groot.publisher import Publisher

            self._publisher = self._closing.enter_context(Publisher(options.groot))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closing.close()

    def attach(
        self, tree: Tree, document: Document, robot: Robot, view: View, record: RunFolder, period_s: float
    ) -> Monitor:
        """Watch this tree from now on. RecordError if the run folder cannot be written."""
        title = Path(self._options.tree).stem
        monitor = Monitor(
            tree, document.main, robot, view, record.log, title, watch=self._options.watch, period_s=period_s
        )
        xml = tree_xml(document.main, tree.nodes(), document.leaves)
        log = BtLog(record.path / BTLOG, xml, time.time_ns() // 1000)
        self._closing.callback(log.close)
        monitor.also(log.append)
        if self._publisher is not None:
            from app.groot.source import Source

            source = Source(tree, document.main, xml, monitor.state.board)
            monitor.also(source.changed)
            self._publisher.serve(source, self._hooks(tree))
        return monitor

    def _hooks(self, tree: Tree) -> Hooks | None:
        if not self._options.groot_hooks:
            return None
        from app.groot.hooks import Hooks

        hooks = Hooks(frozenset(node.uid for node in tree.nodes()), self._interrupted)
        tree.intercept(hooks)
        return hooks
