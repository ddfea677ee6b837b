"""Nodes that run scripts."""

from __future__ import annotations

from typing import ClassVar

from py_trees.common import Status

from trees.data.literals import key_of
from trees.data.ports import input_port
from trees.engine.control import BuiltInLeaf, ControlNode, DecoratorNode
from trees.engine.status import Returned, TickStatus
from trees.script import ScriptError, compile_script


class _Scripted(ControlNode):
    """A node with a script in a port."""

    SCRIPT: ClassVar[str] = "code"
    EMPTY: ClassVar[bool] = False
    """Whether an empty script is allowed."""

    @classmethod
    def check(cls, attributes: dict[str, str]) -> list[tuple[str, str]]:
        text = attributes.get(cls.SCRIPT, "")
        if cls.SCRIPT not in attributes or key_of(text, cls.SCRIPT) is not None or (cls.EMPTY and text == ""):
            return []
        try:
            compile_script(text)
        except ScriptError as error:
            return [(cls.SCRIPT, f"port '{cls.SCRIPT}' is no script: {error}")]
        return []

    def holds(self) -> bool:
        """The script as a condition."""
        return compile_script(self.port(self.SCRIPT)).holds(self.wiring.scope, self.runtime.enums)


class Script(_Scripted, BuiltInLeaf):
    """Runs a script; SUCCESS."""

    PORTS = (input_port("code", str, text="the script"),)
    EMPTY = True

    def run(self) -> Returned:
        code = self.port("code")
        if code:
            compile_script(code).run(self.wiring.scope, self.runtime.enums)
        return Status.SUCCESS


class ScriptCondition(_Scripted, BuiltInLeaf):
    """SUCCESS if a script is true, else FAILURE."""

    KIND = "Condition"
    PORTS = (input_port("code", str, text="the script"),)

    def run(self) -> Returned:
        if self.holds():
            return Status.SUCCESS
        self.feedback_message = f"not true: {self.port('code')}"
        return self.fail(None)


class Precondition(_Scripted, DecoratorNode):
    """Ticks the child if a script is true, else returns `else`. The script runs again only after the child has ended or
    was halted."""

    SCRIPT = "if"
    PORTS = (
        input_port("if", str, text="the script"),
        input_port("else", TickStatus, default=TickStatus.FAILURE, text="result if it is false"),
    )

    def forget(self) -> None:
        self._passed = False

    def run(self) -> Returned:
        otherwise: TickStatus = self.port("else")
        if not self._passed:
            self._passed = self.holds()
            if not self._passed:
                self.culprit = None
                self.feedback_message = f"not true: {self.port('if')}"
                return otherwise.returned
        returned = self.tick_child()
        if returned is Status.SUCCESS or returned is Status.FAILURE:
            self._passed = False
        return returned
