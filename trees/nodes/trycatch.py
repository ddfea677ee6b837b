"""Clean-up after a failure or a halt."""

from __future__ import annotations

from py_trees.common import Status

from trees.data.ports import input_port
from trees.engine.control import ControlNode
from trees.engine.status import SKIPPED, Returned


class TryCatch(ControlNode):
    """Ticks all children but the last as a Sequence. If one fails, the last runs to its end, then FAILURE."""

    CHILDREN = (2, None)
    PORTS = (input_port("catch_on_halt", bool, default=False, text="if halted, tick the last child once"),)

    def forget(self) -> None:
        self._index = self._skipped = 0
        self._catching = False

    def run(self) -> Returned:
        if self.status is not Status.RUNNING:
            self._skipped, self._catching = 0, False
        self.status = Status.RUNNING
        tried = self.child_nodes[:-1]
        while not self._catching and self._index < len(tried):
            node = tried[self._index]
            returned = node.execute()
            if returned is Status.RUNNING:
                return Status.RUNNING
            if returned is Status.FAILURE:
                self.reset_children()
                self._index, self._catching, self.culprit = 0, True, node
                break
            self._skipped += returned is SKIPPED
            self._index += 1
        if self._catching:
            if self.child_nodes[-1].execute() is Status.RUNNING:
                return Status.RUNNING
            self.reset_children()
            self._index, self._catching = 0, False
            return Status.FAILURE
        all_skipped = self._skipped == len(tried)
        self.reset_children()
        self._index = self._skipped = 0
        return SKIPPED if all_skipped else Status.SUCCESS

    def quit(self) -> None:
        """With catch_on_halt, tick the last child once after the others are idle."""
        try:
            if self.status is Status.RUNNING and not self._catching and self.port("catch_on_halt"):
                self._catching = True
                self.reset_children()
                self.child_nodes[-1].execute()
        finally:
            super().quit()
