"""One child or another: choices by a child's result."""

from __future__ import annotations

from typing import Any

from py_trees.common import Status

from trees.engine.control import ControlNode
from trees.engine.status import SKIPPED, Returned


class IfThenElse(ControlNode):
    """The second child if the first succeeds, else the third (FAILURE without one); the choice stays while it runs.

    A condition that skips makes the node skip.
    """

    CHILDREN = (2, 3)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._branch = 0

    def forget(self) -> None:
        self._branch = 0

    def run(self) -> Returned:
        self.status = Status.RUNNING
        if self._branch == 0:
            condition = self.child_nodes[0].execute()
            if condition is Status.RUNNING or condition is SKIPPED:
                return condition
            self._branch = 1 if condition is Status.SUCCESS else 2
            if self._branch == len(self.child_nodes):
                self._branch = 0
                return self.fail(self.child_nodes[0])
        self.culprit = self.child_nodes[self._branch]
        returned = self.culprit.execute()
        if returned is not Status.RUNNING:
            self.reset_children()
            self._branch = 0
        return returned


class WhileDoElse(ControlNode):
    """Asks the first child in every tick: the second while it succeeds, else the third (FAILURE without one).

    The branch that is left is halted before the other is ticked. A condition that skips makes the node skip.
    """

    CHILDREN = (2, 3)

    def run(self) -> Returned:
        self.status = Status.RUNNING
        condition = self.child_nodes[0].execute()
        if condition is Status.RUNNING:
            return condition
        if condition is SKIPPED:
            self.reset_children()
            return SKIPPED
        chosen, other = (1, 2) if condition is Status.SUCCESS else (2, 1)
        returned: Returned = Status.FAILURE
        self.culprit = self.child_nodes[0]
        if len(self.child_nodes) == 3:
            self.child_nodes[other].reset()
        if chosen < len(self.child_nodes):
            self.culprit = self.child_nodes[chosen]
            returned = self.culprit.execute()
        if returned is not Status.RUNNING:
            self.reset_children()
        return returned
