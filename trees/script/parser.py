"""Parses a script into statements, by precedence of operators and with a limit on nesting.

From low to high precedence: assignment, `? :`, `||`, `&&`, comparisons, `| ^`, `&`, `+ - ..`, `* /`, `- ~ !` before a
value.
"""

from __future__ import annotations

from typing import Final

from trees.script.assignment import Assignment
from trees.script.expressions import Chain, Choice, Comparison, Expression, Literal, Name, Unary
from trees.script.lexer import ScriptError, Token, tokenize

MAX_NESTING: Final = 100
"""Nested parentheses and operators."""
_ASSIGNMENTS = (":=", "=", "+=", "-=", "*=", "/=")
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_ASSIGNING, _CHOOSING, _COMPARING, _SIGN = 2, 4, 10, 20
_PRECEDENCE = {
    **dict.fromkeys(_ASSIGNMENTS, _ASSIGNING), "?": _CHOOSING, "||": 6, "&&": 8,
    **dict.fromkeys(_COMPARISONS, _COMPARING), "|": 12, "^": 12, "&": 14, "+": 16, "-": 16, "..": 16, "*": 18, "/": 18,
}  # fmt: skip


def parse(script: str) -> tuple[Expression, ...]:
    """The statements of a script, at least one. ScriptError, with the position, if it cannot be parsed."""
    return _Parser(tokenize(script)).statements()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _operator(self) -> str:
        """The next operator, "" if the next token is none."""
        return str(self._next.value) if self._next.kind == "operator" else ""

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _expect(self, operator: str) -> None:
        if self._operator() != operator:
            raise ScriptError(f"expected '{operator}', not {_token_text(self._next)}", self._next.position)
        self._take()

    def statements(self) -> tuple[Expression, ...]:
        statements: list[Expression] = []
        while self._next.kind != "end":
            statements.append(self._expression(0))
            while self._operator() == ";":
                self._take()
        if not statements:
            raise ScriptError("the script is empty", 0)
        return tuple(statements)

    def _expression(self, lowest: int) -> Expression:
        """Parse operators of at least the precedence `lowest`."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ScriptError(f"more than {MAX_NESTING} levels of parentheses and operators", self._next.position)
        left = self._value()
        chain: list[tuple[str, Expression]] = []
        while (precedence := _PRECEDENCE.get(self._operator(), -1)) >= lowest:
            if precedence in (_ASSIGNING, _CHOOSING, _COMPARING) and chain:
                left, chain = Chain(left, tuple(chain)), []
            if precedence == _ASSIGNING:
                left = self._assignment(left)
                break
            if precedence == _CHOOSING:
                left = self._choice(left)
                break
            if precedence == _COMPARING:
                left = self._comparison(left)
            else:
                operator = str(self._take().value)
                chain.append((operator, self._expression(precedence + 1)))
        self._depth -= 1
        return Chain(left, tuple(chain)) if chain else left

    def _assignment(self, left: Expression) -> Expression:
        token = self._take()
        if not isinstance(left, Name):
            raise ScriptError(f"'{token.value}' wants the name of an entry on its left", token.position)
        return Assignment(left.name, str(token.value), self._expression(0))

    def _choice(self, condition: Expression) -> Expression:
        self._take()
        then = self._expression(0)
        self._expect(":")
        return Choice(condition, then, self._expression(_CHOOSING))

    def _comparison(self, first: Expression) -> Expression:
        rest: list[tuple[str, Expression]] = []
        while self._operator() in _COMPARISONS:
            operator = str(self._take().value)
            rest.append((operator, self._expression(_COMPARING + 1)))
        return Comparison(first, tuple(rest))

    def _value(self) -> Expression:
        token = self._take()
        if token.kind == "name":
            return Name(token.value)
        if token.kind in ("number", "text"):
            return Literal(token.value)
        if token.value in ("-", "~", "!") and token.kind == "operator":
            return Unary(str(token.value), self._expression(_SIGN))
        if token.value == "(" and token.kind == "operator":
            inside = self._expression(0)
            self._expect(")")
            return inside
        raise ScriptError(f"expected a value, not {_token_text(token)}", token.position)


def _token_text(token: Token) -> str:
    return "the end" if token.kind == "end" else f"'{token.value}'"
