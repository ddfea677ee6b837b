"""The script language of tree files: parsed once when a file is loaded, run against a blackboard.

script = compile_script("n := n + 1; n < 3")    ScriptError, with the position, if it cannot be parsed
value = script.run(board, enums)                ContractError if it fails
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trees.data.blackboard import Blackboard
from trees.data.values import to_bool
from trees.errors import ContractError
from trees.script.expressions import Environment, Expression
from trees.script.lexer import ScriptError
from trees.script.parser import parse

NO_ENUMS: Mapping[str, int] = {}


@dataclass(frozen=True)
class Script:
    """A parsed script. text: as written."""

    text: str
    statements: tuple[Expression, ...]

    def run(self, board: Blackboard, enums: Mapping[str, int] = NO_ENUMS) -> Any:
        """Run all statements and return the value of the last one. ContractError, with script and reason, if one
        fails."""
        env = Environment(board, enums)
        try:
            value: Any = None
            for statement in self.statements:
                value = statement.evaluate(env)
        except ValueError as error:
            raise ContractError(f"script [{self.text}]: {error}") from error
        return value

    def holds(self, board: Blackboard, enums: Mapping[str, int] = NO_ENUMS) -> bool:
        """Run it as a condition. ContractError if it fails or its value is neither true nor false."""
        value = self.run(board, enums)
        try:
            return to_bool(value)
        except ValueError as error:
            raise ContractError(f"script [{self.text}] is a condition: {error}") from error


@lru_cache(maxsize=4096)
def compile_script(text: str) -> Script:
    """Parse a script. ScriptError, a TreeError, with the position of an error."""
    return Script(text, parse(text))


__all__ = ["NO_ENUMS", "Script", "ScriptError", "compile_script"]
