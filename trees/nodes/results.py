"""Decorators that change a result, and the leaves that always have one."""

from __future__ import annotations

from py_trees.common import Status

from trees.control import ControlNode, DecoratorNode
from trees.status import Returned


class Inverter(DecoratorNode):
    """SUCCESS for FAILURE and the reverse."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        if returned == Status.SUCCESS:
            return Status.FAILURE
        return Status.SUCCESS if returned == Status.FAILURE else returned


class ForceSuccess(DecoratorNode):
    """SUCCESS whatever the child ends with."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        return Status.SUCCESS if returned in (Status.SUCCESS, Status.FAILURE) else returned


class ForceFailure(DecoratorNode):
    """FAILURE whatever the child ends with."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        return Status.FAILURE if returned in (Status.SUCCESS, Status.FAILURE) else returned


class SubTree(DecoratorNode):
    """A tree inside a tree, with a blackboard of its own."""

    KIND = "SubTree"

    def run(self) -> Returned:
        return self.tick_child(self.child)


class AlwaysSuccess(ControlNode):
    """SUCCESS at once."""

    KIND, CHILDREN = "Action", (0, 0)

    def run(self) -> Returned:
        return Status.SUCCESS


class AlwaysFailure(ControlNode):
    """FAILURE at once."""

    KIND, CHILDREN = "Action", (0, 0)

    def run(self) -> Returned:
        return Status.FAILURE
