"""Decorators that change a result, and leaves with a constant result."""

from __future__ import annotations

from py_trees.common import Status

from trees.engine.control import BuiltInLeaf, DecoratorNode
from trees.engine.status import Returned


class Inverter(DecoratorNode):
    """SUCCESS for FAILURE and the reverse."""

    def run(self) -> Returned:
        self.status = Status.RUNNING
        returned = self.tick_child()
        if returned is Status.SUCCESS:
            return Status.FAILURE
        return Status.SUCCESS if returned is Status.FAILURE else returned


class ForceSuccess(DecoratorNode):
    """SUCCESS when the child has ended, whatever its result."""

    def run(self) -> Returned:
        self.status = Status.RUNNING
        returned = self.tick_child()
        return Status.SUCCESS if returned is Status.FAILURE else returned


class ForceFailure(DecoratorNode):
    """FAILURE when the child has ended, whatever its result."""

    def run(self) -> Returned:
        self.status = Status.RUNNING
        returned = self.tick_child()
        return Status.FAILURE if returned is Status.SUCCESS else returned


class SubTree(DecoratorNode):
    """A tree inside a tree, with a blackboard of its own."""

    KIND = "SubTree"

    def run(self) -> Returned:
        self.status = Status.RUNNING
        return self.tick_child()


class AlwaysSuccess(BuiltInLeaf):
    """SUCCESS at once."""

    def run(self) -> Returned:
        return Status.SUCCESS


class AlwaysFailure(BuiltInLeaf):
    """FAILURE at once."""

    FAILS_BY_DESIGN = True

    def run(self) -> Returned:
        return self.fail(None)
