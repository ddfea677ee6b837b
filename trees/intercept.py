"""Standing between a node and its parent: a debugger may hold a node, or answer in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.control import reset

Forced = Literal["SUCCESS", "FAILURE"] | None
FORCED = {"SUCCESS": Status.SUCCESS, "FAILURE": Status.FAILURE}


class Interceptor(Protocol):
    """Asked before and after each tick of a node: what it is to answer instead, or None to leave it alone."""

    def before(self, uid: int) -> Forced: ...

    def after(self, uid: int) -> Forced: ...


def intercept(behaviour: Behaviour, uid: int, interceptor: Interceptor, show: Callable[[], None]) -> None:
    """Put the interceptor around a node's tick. A node that is answered for is halted first. show: tells the tree's
    listeners that the status may have changed."""
    plain_tick = behaviour.tick

    def force(word: Literal["SUCCESS", "FAILURE"]) -> None:
        reset(behaviour)
        behaviour.status = FORCED[word]
        if getattr(behaviour, "skipped", False):
            behaviour.skipped = False  # type: ignore[attr-defined]
        behaviour.feedback_message = f"{word} was injected by a monitor"
        show()

    def tick() -> Iterator[Behaviour]:
        if (word := interceptor.before(uid)) is not None:
            force(word)
            yield behaviour
            return
        yield from plain_tick()
        if (word := interceptor.after(uid)) is not None:
            force(word)

    behaviour.tick = tick  # type: ignore[method-assign]
