"""The expressions of a parsed script, which are evaluated against a blackboard.

Numbers as in BehaviorTree.CPP: literals without a point and entries of whole numbers are ints, every result of an
operator is a float. `&&` and `||` always evaluate both sides. Enum names take precedence over entries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import and_, or_, xor
from typing import Any, Final, Protocol

from trees.data.blackboard import Blackboard
from trees.data.values import EPSILON, INT64, UNSET, is_number, to_bool, to_float, to_int, to_text

_BITS: Final = {"&": and_, "|": or_, "^": xor}
MAX_TEXT: Final = 100 * 2**20
"""Length of a text that a script builds, in characters."""


class EvaluationError(ValueError):
    """A script that fails: an unknown name, an operand of the wrong type."""


@dataclass(frozen=True)
class Environment:
    """Where a script runs: its scope and the enum names."""

    board: Blackboard
    enums: Mapping[str, int]


class Expression(Protocol):
    def evaluate(self, env: Environment) -> Any:
        """The value. EvaluationError or ValueError if there is none."""


@dataclass(frozen=True)
class Literal:
    value: int | float | str

    def evaluate(self, env: Environment) -> Any:
        return self.value


@dataclass(frozen=True)
class Name:
    name: str

    def evaluate(self, env: Environment) -> Any:
        if self.name in env.enums:
            return float(env.enums[self.name])
        entry = env.board.find(self.name)
        if entry is None:
            raise EvaluationError(f"there is no entry '{self.name}'")
        return entry.value


@dataclass(frozen=True)
class Unary:
    """`-`, `~` or `!` of a number."""

    operator: str
    operand: Expression

    def evaluate(self, env: Environment) -> Any:
        value = self.operand.evaluate(env)
        if not is_number(value):
            raise EvaluationError(f"'{self.operator}' wants a number, not {shown(value)}")
        number = to_float(value)
        if self.operator == "-":
            return -number
        if self.operator == "!":
            return float(number == 0.0)
        if not abs(number) < INT64:  # NaN too
            raise EvaluationError(f"'~' wants a number of 64 bits, not {number:g}")
        return float(~int(number))


@dataclass(frozen=True)
class Chain:
    """Operators of equal precedence from left to right. rest: (operator, operand) pairs."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]

    def evaluate(self, env: Environment) -> Any:
        value = self.first.evaluate(env)
        for operator, operand in self.rest:
            value = binary(operator, value, operand.evaluate(env))
        return value


@dataclass(frozen=True)
class Comparison:
    """`1 < x < 3`: true if each neighbouring pair is; evaluation ends at the first pair that is not."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]

    def evaluate(self, env: Environment) -> Any:
        left = self.first.evaluate(env)
        for operator, operand in self.rest:
            right = operand.evaluate(env)
            _check_set(operator, left, right)
            if not _compare(operator, left, right, env.enums):
                return 0.0
            left = right
        return 1.0


@dataclass(frozen=True)
class Choice:
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression

    def evaluate(self, env: Environment) -> Any:
        condition = self.condition.evaluate(env)
        if condition is UNSET:
            raise EvaluationError("what stands before '?' has no value yet")
        return (self.then if to_float(condition) != 0.0 else self.otherwise).evaluate(env)


def shown(value: Any) -> str:
    """A value in an error message."""
    if value is UNSET:
        return "something without a value"
    if is_number(value):
        return f"the number {value:g}"
    return f"the text '{value}'" if isinstance(value, str) else f"a {type(value).__name__}"


def _check_set(operator: str, left: Any, right: Any) -> None:
    for side, value in (("left", left), ("right", right)):
        if value is UNSET:
            raise EvaluationError(f"what stands {side} of '{operator}' has no value yet")


def binary(operator: str, left: Any, right: Any) -> Any:
    """The result of an operator other than comparisons and assignments."""
    _check_set(operator, left, right)
    if operator == "..":
        if is_number(left) and is_number(right):
            return UNSET  # as in BehaviorTree.CPP: the user of the value reports it
        if not (isinstance(left, str) or isinstance(right, str)):
            raise EvaluationError(f"'..' wants a text on at least one side, not {shown(left)} and {shown(right)}")
        return _joined(to_text(left), to_text(right))
    if isinstance(left, str) and isinstance(right, str) and operator == "+":
        return _joined(left, right)
    if not (is_number(left) and is_number(right)):
        raise EvaluationError(f"'{operator}' cannot be used with {shown(left)} and {shown(right)}")
    a, b = to_float(left), to_float(right)
    if operator in ("&&", "||"):
        first, second = to_bool(left), to_bool(right)
        return float(first and second if operator == "&&" else first or second)
    if operator in _BITS:
        return float(_BITS[operator](to_int(left), to_int(right)))
    return arithmetic(operator, a, b)


def _joined(left: str, right: str) -> str:
    if len(left) + len(right) > MAX_TEXT:
        raise EvaluationError(f"a text of {len(left) + len(right)} letters is too long")
    return left + right


def arithmetic(operator: str, left: float, right: float) -> float:
    """`+ - * /` as floats do it; a division by zero is infinite, or NaN."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if right != 0.0:
        return left / right
    if left == 0.0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _compare(operator: str, left: Any, right: Any, enums: Mapping[str, int]) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return (left == right) is (operator == "==") if operator in ("==", "!=") else _ordered(operator, left, right)
    for value in (left, right):
        if not isinstance(value, str) and not is_number(value):
            raise EvaluationError(f"'{operator}' cannot compare {shown(left)} with {shown(right)}")
    a, b = number_of(left, enums), number_of(right, enums)
    if operator in ("==", "!="):
        return (abs(a - b) <= EPSILON) is (operator == "==")
    return _ordered(operator, a, b)


def _ordered(operator: str, left: Any, right: Any) -> bool:
    """`<`, `>`, `<=`, `>=` of two values of one type; true if one is NaN, as in BehaviorTree.CPP 4.10."""
    if operator == "<":
        return not left >= right
    if operator == ">":
        return not left <= right
    return not left > right if operator == "<=" else not left < right


def number_of(value: Any, enums: Mapping[str, int]) -> float:
    """The number of a value: a number, or a text such as true, false, an enum name or digits."""
    if isinstance(value, str):
        if value in ("true", "false"):
            return float(value == "true")
        if value in enums:
            return float(enums[value])
    return to_float(value)
