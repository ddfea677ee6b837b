"""A node of a running tree: it ticks and halts a behaviour of any kind, and reports its status to listeners.

One tick follows BehaviorTree.CPP 4.10. The stored status is what the behaviour returned. SKIPPED goes to the parent
only and leaves the stored status as it was. Halting stops RUNNING nodes only. Behaviours are called directly, not
through py_trees' generators, so that a tree without visitors has no extra cost.
"""

from __future__ import annotations

from collections.abc import Callable

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.engine.conditions import Conditions
from trees.engine.runtime import Runtime
from trees.engine.status import SKIPPED, Returned, word
from trees.errors import ContractError, raise_for_leaf

RUNNING, INVALID = Status.RUNNING, Status.INVALID


class TreeNode:
    """A behaviour with its identity and its conditions.

    uid: from 1, in the order of the expanded tree. path: see `trees.assembly.paths`. behaviour: the py_trees behaviour.
    perform: one tick of the behaviour. quit: stops it. conditions: None without any. last: what the node returned last,
    INVALID if it was halted since. preempted_by: the condition or monitor that replaced the last tick, "" if none did.
    """

    __slots__ = ("behaviour", "conditions", "last", "path", "perform", "preempted_by", "quit", "runtime", "uid")

    def __init__(self, uid: int, path: str, runtime: Runtime) -> None:
        self.uid, self.path, self.runtime = uid, path, runtime
        self.behaviour: Behaviour
        self.perform: Callable[[], Returned]
        self.quit: Callable[[], None]
        self.conditions: Conditions | None = None
        self.preempted_by = ""
        self.last: Returned = INVALID

    def execute(self) -> Returned:
        """One tick. An error of the behaviour passes through with the node's path as a note; a ContractError has it in
        its message."""
        behaviour = self.behaviour
        try:
            returned = self.perform() if self.conditions is None else self.conditions.tick(self)
        except Exception as error:
            self._add_path(error)
            raise
        if returned is not SKIPPED:
            behaviour.status = returned
        before, self.last = self.last, returned
        runtime = self.runtime
        if runtime.visited is not None:
            runtime.visited.append(behaviour)
        if runtime.listeners and (returned is not before or (returned is not RUNNING and returned is not SKIPPED)):
            self.notify(before, returned)
        return returned

    def _add_path(self, error: Exception) -> None:
        """Say where an error was raised, unless a node below has done so."""
        if not getattr(error, "__notes__", None):
            error.add_note(f"raised at {self.path}")
        if isinstance(error, ContractError) and self.path not in str(error):
            error.args = (f"{self.path}: {error}",)

    def feedback(self) -> str:
        """The message of the last tick: of the behaviour, or of what replaced it."""
        return self.preempted_by or self.behaviour.feedback_message

    def notify(self, before: Returned, returned: Returned) -> None:
        """Call the tree's listeners; a node that was skipped before counts as idle."""
        old = "IDLE" if before is SKIPPED else word(before)
        for listener in self.runtime.listeners:
            listener(self.uid, self.path, old, word(returned), self.feedback())

    def reset(self) -> None:
        """Halt the node if it is running. It is idle afterwards."""
        if self.behaviour.status is RUNNING:
            self.halt()
        self.behaviour.status = INVALID

    def halt(self) -> None:
        """Stop the behaviour and all running nodes below it, then run `_onHalted`."""
        try:
            self.quit()
        finally:
            self.stopped()
        if self.conditions is not None:
            try:
                self.conditions.halted(self)
            except Exception as error:
                self._add_path(error)
                raise

    def stopped(self) -> None:
        """Store that the node is idle."""
        self.behaviour.status = INVALID
        if self.last is RUNNING:
            self.last = INVALID
            if self.runtime.listeners:
                self.notify(RUNNING, INVALID)


def attach_leaf(node: TreeNode, leaf: Behaviour, tag: str) -> TreeNode:
    """Let a node tick a leaf, any py_trees behaviour without children. tag: of the leaf in the file, for messages.
    Errors of the leaf become those of `raise_for_leaf`."""
    node.behaviour = leaf

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
                raise ContractError(f"{node.path} returned {returned}; a leaf returns SUCCESS, FAILURE or RUNNING")
            leaf.terminate(returned)
            return returned
        except BaseException as error:
            try:
                leaf.terminate(INVALID)  # in its first tick too: `initialise` may have started something
            except KeyboardInterrupt:
                raise
            except BaseException as another:  # the first error is the one to report
                error.add_note(f"and while stopping: {type(another).__name__}: {another}")
            node.stopped()
            raise_for_leaf(node.path, tag, error)

    def quit_leaf() -> None:
        try:
            leaf.terminate(INVALID)
        except BaseException as error:
            raise_for_leaf(node.path, tag, error)

    node.perform, node.quit = perform, quit_leaf
    return node
