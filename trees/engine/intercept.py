"""Wrappers around the tick of a node: a debugger may hold it or replace its status, and ticks may be timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from py_trees.common import Status

from trees.engine.node import TreeNode
from trees.engine.status import Returned

Forced = Literal["SUCCESS", "FAILURE"] | None


class Interceptor(Protocol):
    """Called before and after each tick of a node. Returns a status to use instead of its own, or None."""

    def before(self, uid: int) -> Forced:
        """Called before a tick of node `uid`; a status replaces the tick."""

    def after(self, uid: int) -> Forced:
        """Called after a tick of node `uid`; a status replaces its result."""


def intercept(node: TreeNode, interceptor: Interceptor) -> None:
    """Call the interceptor around each tick of the node, inside its conditions. A replaced node is halted first."""
    plain = node.perform

    def force(word: Literal["SUCCESS", "FAILURE"]) -> Status:
        node.reset()
        node.preempted_by = f"{word} was injected by a monitor"
        return Status[word]

    def perform() -> Returned:
        node.preempted_by = ""
        if (word := interceptor.before(node.uid)) is not None:
            return force(word)
        returned = plain()
        if (word := interceptor.after(node.uid)) is None:
            return returned
        if returned is Status.RUNNING:
            node.behaviour.status = Status.RUNNING
        return force(word)

    node.perform = perform


@dataclass
class Slowest:
    """The leaf whose tick took longest since `seconds` was reset. path: of the leaf. seconds: the time of its tick."""

    path: str = ""
    seconds: float = 0.0


def time_leaf(node: TreeNode, slowest: Slowest, clock: Callable[[], float]) -> None:
    """Time every tick of a leaf, including `initialise` and `terminate`, and keep the longest in `slowest`."""
    plain, path = node.perform, node.path

    def perform() -> Returned:
        begin = clock()
        returned = plain()
        took = clock() - begin
        if took > slowest.seconds:
            slowest.path, slowest.seconds = path, took
        return returned

    node.perform = perform
