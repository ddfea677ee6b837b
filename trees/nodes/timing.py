"""Nodes that measure time, on the robot's clock."""

from __future__ import annotations

from py_trees.common import Status

from trees.control import ControlNode, DecoratorNode, reset
from trees.ports import input_port
from trees.status import Returned


class Delay(DecoratorNode):
    """Waits, on the robot's clock, before the child's first tick."""

    PORTS = (input_port("delay_msec", int, unit="ms", text="how long"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        if self.child.status != Status.RUNNING and (self.clock() - self._since_s) * 1000 < self.port("delay_msec"):
            return Status.RUNNING
        return self.tick_child(self.child)


class Timeout(DecoratorNode):
    """FAILURE, and the child halted, once the child has run for msec on the robot's clock; 0 is no limit."""

    PORTS = (input_port("msec", int, unit="ms", text="how long it may run"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        limit = self.port("msec")
        if limit > 0 and (self.clock() - self._since_s) * 1000 >= limit:
            reset(self.child)
            return Status.FAILURE
        return self.tick_child(self.child)


class Sleep(ControlNode):
    """SUCCESS after a while on the robot's clock."""

    KIND, CHILDREN = "Action", (0, 0)
    PORTS = (input_port("msec", int, unit="ms", text="how long"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        return Status.SUCCESS if (self.clock() - self._since_s) * 1000 >= self.port("msec") else Status.RUNNING
