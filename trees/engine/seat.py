"""A node's place in a tree: here it is ticked, halted, and its status told, whatever kind of node it is.

One tick follows BehaviorTree.CPP 4.10: the stored status is what the node returned, but for SKIPPED, which is only told
to the parent and leaves the status as it was. Halting stops RUNNING nodes only. Nodes are called directly, not through
py_trees' generators, so that what nobody watches costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.engine.conditions import Conditions
from trees.engine.runtime import Runtime
from trees.engine.status import SKIPPED, Returned, word
from trees.errors import ContractError, raised_by

RUNNING, INVALID = Status.RUNNING, Status.INVALID


class Seat:
    """uid: 1.. in the order of the expanded tree. last: what the node returned last, INVALID if it was halted since.

    perform: one tick of the node itself. quit: what stops it. Both are given by whoever seats the node. decided: why
    the node was not asked in the last tick, empty if it was.
    """

    __slots__ = ("behaviour", "conditions", "decided", "last", "path", "perform", "quit", "runtime", "uid")

    def __init__(self, uid: int, path: str, runtime: Runtime) -> None:
        self.uid, self.path, self.runtime = uid, path, runtime
        self.behaviour: Behaviour
        self.perform: Callable[[], Returned]
        self.quit: Callable[[], None]
        self.conditions: Conditions | None = None
        self.decided = ""
        self.last: Returned = INVALID

    def execute(self) -> Returned:
        """One tick. What the node raises passes through with its path: in its message if the two parts that disagree
        are of the tree, and as a note."""
        behaviour = self.behaviour
        try:
            returned = self.perform() if self.conditions is None else self.conditions.tick(self)
        except Exception as error:
            self._named(error)
            raise
        if returned is not SKIPPED:
            behaviour.status = returned
        before, self.last = self.last, returned
        runtime = self.runtime
        if runtime.visited is not None:
            runtime.visited.append(behaviour)
        if runtime.listeners and (returned is not before or (returned is not RUNNING and returned is not SKIPPED)):
            self.tell(before, returned)
        return returned

    def _named(self, error: Exception) -> None:
        """Say where an error was raised, unless a node below has said it."""
        if not getattr(error, "__notes__", None):
            error.add_note(f"raised at {self.path}")
        if isinstance(error, ContractError) and self.path not in str(error):
            error.args = (f"{self.path}: {error}",)

    def feedback(self) -> str:
        """What the node, or what decided in its place, says of its last tick."""
        return self.decided or self.behaviour.feedback_message

    def tell(self, before: Returned, returned: Returned) -> None:
        """Tell the tree's listeners of a status; what was skipped before is idle."""
        old = "IDLE" if before is SKIPPED else word(before)
        for listener in self.runtime.listeners:
            listener(self.uid, self.path, old, word(returned), self.feedback())

    def reset(self) -> None:
        """Halt the node if it runs; then it is idle."""
        if self.behaviour.status is RUNNING:
            self.halt()
        self.behaviour.status = INVALID

    def halt(self) -> None:
        """Stop the node and all that runs below it, then what `_onHalted` says."""
        try:
            self.quit()
        finally:
            self.stopped()
        if self.conditions is not None:
            try:
                self.conditions.halted(self)
            except Exception as error:
                self._named(error)
                raise

    def stopped(self) -> None:
        """The node is idle now."""
        self.behaviour.status = INVALID
        if self.last is RUNNING:
            self.last = INVALID
            if self.runtime.listeners:
                self.tell(RUNNING, INVALID)


def seat_leaf(seat: Seat, leaf: Behaviour, tag: str) -> Seat:
    """Put an ordinary behaviour into a seat. What it raises is told with the node, see `raised_by`."""
    seat.behaviour = leaf

    def perform() -> Returned:
        try:
            if leaf.status is not RUNNING:
                leaf.initialise()
            returned: object = leaf.update()
            if returned is RUNNING:
                return RUNNING
            if returned is SKIPPED or getattr(leaf, "skipped", False):
                return SKIPPED
            if returned is INVALID or not isinstance(returned, Status):
                raise ContractError(f"{seat.path} returned {returned}; a leaf returns SUCCESS, FAILURE or RUNNING")
            leaf.terminate(returned)
            return returned
        except BaseException as error:
            try:
                leaf.terminate(INVALID)  # in its first tick, too: `initialise` may have begun something
            except KeyboardInterrupt:
                raise
            except BaseException as another:  # the first error is the one to tell
                error.add_note(f"and while stopping: {type(another).__name__}: {another}")
            seat.stopped()
            told = raised_by(seat.path, tag, error)
            if told is error:
                raise
            raise told from error

    def quit_leaf() -> None:
        try:
            leaf.terminate(INVALID)
        except BaseException as error:
            told = raised_by(seat.path, tag, error)
            if told is error:
                raise
            raise told from error

    seat.perform, seat.quit = perform, quit_leaf
    return seat
