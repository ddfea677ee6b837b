"""Standing between a node and its parent: a debugger may hold a node, or answer in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from py_trees.common import Status

from trees.engine.seat import Seat
from trees.engine.status import Returned

Forced = Literal["SUCCESS", "FAILURE"] | None
FORCED = {"SUCCESS": Status.SUCCESS, "FAILURE": Status.FAILURE}


class Interceptor(Protocol):
    """Asked before and after each tick of a node: what it is to answer instead, or None to leave it alone."""

    def before(self, uid: int) -> Forced: ...

    def after(self, uid: int) -> Forced: ...


def intercept(seat: Seat, interceptor: Interceptor) -> None:
    """Put the interceptor around a node's tick, within its conditions. A node that is answered for is halted first."""
    plain = seat.perform

    def force(word: Literal["SUCCESS", "FAILURE"]) -> Status:
        seat.reset()
        seat.decided = f"{word} was injected by a monitor"
        return FORCED[word]

    def perform() -> Returned:
        seat.decided = ""
        if (word := interceptor.before(seat.uid)) is not None:
            return force(word)
        returned = plain()
        if (word := interceptor.after(seat.uid)) is None:
            return returned
        if returned is Status.RUNNING:
            seat.behaviour.status = Status.RUNNING
        return force(word)

    seat.perform = perform


@dataclass
class Slowest:
    """The leaf whose tick took longest since `seconds` was set back: its path and its time on the given clock."""

    path: str = ""
    seconds: float = 0.0


def time_leaf(seat: Seat, slowest: Slowest, clock: Callable[[], float]) -> None:
    """Time every tick of a leaf, with all that it does when it begins and ends."""
    plain, path = seat.perform, seat.path

    def perform() -> Returned:
        begin = clock()
        returned = plain()
        took = clock() - begin
        if took > slowest.seconds:
            slowest.path, slowest.seconds = path, took
        return returned

    seat.perform = perform
