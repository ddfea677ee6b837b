"""Groot2 for one run, from its options: the publisher, and in simulation its breakpoints."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.session.options import SIMULATED, RunOptions
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from app.groot.hooks import Hooks
    from app.groot.publisher import Publisher
    from behaviours.recording.session import RunSession
    from trees import Tree


class Groot:
    """Binds the ports at once, before the robot starts; ConfigError for options that do not fit.

    interrupted: whether the run is to stop; then no breakpoint holds the tree.
    """

    def __init__(self, options: RunOptions, interrupted: Callable[[], bool] = lambda: False) -> None:
        self._interrupted = interrupted
        self._with_hooks = options.groot_hooks
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

    def publish(self, session: RunSession) -> None:
        """Answer clients for this run from now on, if the options name a port."""
        if self._publisher is None:
            return
        from app.groot.source import Source

        monitor = session.monitor
        source = Source(session.tree, monitor.main, session.xml, monitor.board)
        monitor.follow_statuses(source.changed)
        self._publisher.serve(source, self._hooks(session.tree))

    def _hooks(self, tree: Tree) -> Hooks | None:
        if not self._with_hooks:
            return None
        from app.groot.hooks import Hooks

        hooks = Hooks(frozenset(node.uid for node in tree.nodes()), self._interrupted)
        tree.intercept(hooks)
        return hooks
