"""Assignments of a script: `:=`, `=`, `+=`, `-=`, `*=`, `/=`.

An entry keeps the type of its value. An entry of whole numbers accepts 2.0 but not 2.5. An entry of numbers accepts a
text that is a number. An entry of texts accepts no number. Its sequence counts every assignment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trees.data.blackboard import AnyPort, AnyValue, Entry
from trees.data.literals import convert, type_name
from trees.data.values import UNSET, is_number, to_float, to_int
from trees.script.expressions import Environment, EvaluationError, Expression, arithmetic, number_of, shown


@dataclass(frozen=True)
class Assignment:
    """name: of the entry. operator: `:=` creates the entry if needed, all others require it."""

    name: str
    operator: str
    value: Expression

    def evaluate(self, env: Environment) -> Any:
        entry = env.board.find(self.name)
        if entry is None:
            if self.operator != ":=":
                raise EvaluationError(
                    f"there is no entry '{self.name}' yet; ':=' makes one, '{self.operator}' does not"
                )
            entry = env.board.declare(self.name)
        value = self.value.evaluate(env)
        if value is UNSET:
            raise EvaluationError(f"what stands right of '{self.operator}' has no value yet")
        try:
            if self.operator in (":=", "="):
                entry.write(_fitting(entry, value, env))
            else:
                entry.write(_copied(entry.value, self._changed(entry.value, value)))
        except EvaluationError:
            raise
        except ValueError as error:
            raise EvaluationError(f"'{self.name}' cannot become that: {error}") from error
        return entry.value

    def _changed(self, old: Any, value: Any) -> Any:
        operator = self.operator[0]
        if old is UNSET:
            raise EvaluationError(f"what stands left of '{self.operator}' has no value yet")
        if is_number(value) and is_number(old):
            return arithmetic(operator, to_float(old), to_float(value))
        if operator == "+" and isinstance(value, str) and isinstance(old, str):
            return old + value
        raise EvaluationError(f"'{self.operator}' cannot be used with {shown(old)} and {shown(value)}")


def _fitting(entry: Entry, value: Any, env: Environment) -> Any:
    """The value converted for the entry."""
    if isinstance(value, str) and not isinstance(entry.value, str):
        if entry.kind not in (None, AnyPort, AnyValue) and not (entry.value is UNSET and entry.kind is str):
            return convert(value, entry.kind)
        if is_number(entry.value):
            return number_of(value, env.enums)
        if entry.value is not UNSET:
            raise ValueError(f"it is a {type_name(type(entry.value))}, not a text")
    return _copied(entry.value, value)


def _copied(old: Any, value: Any) -> Any:
    """The value in the type of the old value."""
    if old is UNSET or type(old) is type(value):
        return value
    if is_number(old) and is_number(value):
        if isinstance(old, float):
            return to_float(value)
        whole = to_int(value)
        if isinstance(old, bool):
            if whole not in (0, 1):
                raise ValueError(f"it is true or false, not {whole}")
            return bool(whole)
        return whole
    raise ValueError(f"it is {shown(old)}, not {shown(value)}")
