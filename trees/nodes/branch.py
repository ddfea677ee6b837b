"""Choices between children by the result of the first child."""

from __future__ import annotations

from py_trees.common import Status

from trees.engine.control import ControlNode
from trees.engine.status import SKIPPED, Returned


class IfThenElse(ControlNode):
    """Ticks the second child if the first succeeds, else the third; FAILURE without a third.

    The choice stays while that child runs. If the first child skips, the node skips.
    """

    CHILDREN = (2, 3)

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
    """Ticks the first child in every tick, then the second if it succeeds, else the third; FAILURE without a third.

    The branch that is left is halted before the other is ticked. If the first child skips, the node skips.
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
