"""One child or another: choices, and what to do when something fails."""

from __future__ import annotations

from py_trees.common import Status

from trees.control import ControlNode, reset
from trees.ports import input_port
from trees.status import SKIPPED, Returned


class IfThenElse(ControlNode):
    """The second child if the first succeeds, else the third (FAILURE without one); the choice stays while it runs."""

    CHILDREN = (2, 3)

    def entered(self) -> None:
        self._branch = 0

    halted = entered

    def run(self) -> Returned:
        if self._branch == 0:
            condition = self.tick_child(self.children[0])
            if condition == Status.RUNNING or condition is SKIPPED:
                return condition
            self._branch = 1 if condition == Status.SUCCESS else 2
            if self._branch == len(self.children):
                return Status.FAILURE
        return self.tick_child(self.children[self._branch])


class WhileDoElse(ControlNode):
    """Asks the first child in every tick: the second while it succeeds, else the third (FAILURE without one).

    The branch that is left is halted before the other is ticked.
    """

    CHILDREN = (2, 3)

    def run(self) -> Returned:
        condition = self.tick_child(self.children[0])
        if condition == Status.RUNNING or condition is SKIPPED:
            return condition
        branch = 1 if condition == Status.SUCCESS else 2
        for index in range(1, len(self.children)):
            if index != branch:
                reset(self.children[index])
        return self.tick_child(self.children[branch]) if branch < len(self.children) else Status.FAILURE


class TryCatch(ControlNode):
    """All children but the last as a Sequence; if one fails, the last is run to its end, then FAILURE."""

    CHILDREN = (2, None)
    PORTS = (input_port("catch_on_halt", bool, default=False, text="if halted, tick the last child once"),)

    def entered(self) -> None:
        self._index, self._skipped, self._catching = 0, 0, False

    halted = entered

    def run(self) -> Returned:
        *tried, catch = self.children
        while not self._catching and self._index < len(tried):
            returned = self.tick_child(tried[self._index])
            if returned == Status.RUNNING:
                return Status.RUNNING
            if returned == Status.FAILURE:
                self._catching = True
                for child in tried:
                    reset(child)
            self._skipped += returned is SKIPPED
            self._index += 1
        if not self._catching:
            return SKIPPED if self._skipped == len(tried) else Status.SUCCESS
        return Status.RUNNING if self.tick_child(catch) == Status.RUNNING else Status.FAILURE

    def terminate(self, new_status: Status) -> None:
        """On a halt, when the children are idle already."""
        if self.status == Status.RUNNING and not self._catching and self.port("catch_on_halt"):
            self._catching = True
            self.tick_child(self.children[-1])
            reset(self.children[-1])
