"""Choices between children by the value of an entry of the blackboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from py_trees.common import Status

from trees.data.ports import input_port
from trees.data.values import EPSILON
from trees.engine.control import ControlNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError

_WHOLE = re.compile(r"-?[0-9]{1,11}")
_REAL = re.compile(r"-?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|nan)", re.IGNORECASE)


class _Switch(ControlNode):
    """Ticks child k if `variable` equals case_k, else the last child. The choice is made in every tick, and the branch
    that is left is halted.

    Texts are compared as texts, then as whole numbers or enum names, then as numbers up to rounding. A variable that
    was never written equals no case.
    """

    cases: ClassVar[int]

    def forget(self) -> None:
        self._running = -1

    def run(self) -> Returned:
        chosen = self._choose()
        if self._running not in (-1, chosen):
            self.child_nodes[self._running].reset()
        self.culprit = self.child_nodes[chosen]
        returned = self.culprit.execute()
        self._running = chosen if returned is Status.RUNNING else -1
        if returned is not Status.RUNNING and returned is not SKIPPED:
            self.reset_children()
        return returned

    def _choose(self) -> int:
        variable = self._text("variable")
        for index in range(self.cases if variable is not None else 0):
            case = self._text(f"case_{index + 1}")
            if case is not None and variable is not None and equal(variable, case, self.runtime.enums):
                return index
        return self.cases

    def _text(self, name: str) -> str | None:
        """The text of a port; None if it is absent or its key was never written."""
        try:
            text: str | None = self.port(name)
        except ContractError:
            return None
        return text


def equal(left: str, right: str, enums: Mapping[str, int]) -> bool:
    """Whether two texts are equal, as texts or as numbers."""
    if left == right:
        return True
    a, b = _number(left, _WHOLE, enums), _number(right, _WHOLE, enums)
    if a is not None and a == b:
        return True
    a, b = _number(left, _REAL, enums), _number(right, _REAL, enums)
    return a is not None and b is not None and abs(a - b) <= EPSILON


def _number(text: str, form: re.Pattern[str], enums: Mapping[str, int]) -> float | None:
    if text in enums:
        return float(enums[text])
    return float(text) if form.fullmatch(text) else None


def _switch(cases: int) -> type[_Switch]:
    ports = (
        input_port("variable", str, default=None, text="what to compare"),
        *(input_port(f"case_{k + 1}", str, default=None, text=f"child {k + 1} if equal") for k in range(cases)),
    )
    members = {"cases": cases, "PORTS": ports, "CHILDREN": (cases + 1, cases + 1), "__doc__": _Switch.__doc__}
    return type(f"Switch{cases}", (_Switch,), {**members, "__module__": __name__})


Switch2, Switch3, Switch4, Switch5, Switch6 = (_switch(cases) for cases in range(2, 7))
