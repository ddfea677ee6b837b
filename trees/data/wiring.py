"""The ports of one node, wired as in its tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trees.data.blackboard import Blackboard
from trees.data.literals import convert, fits, key_of, type_name
from trees.data.ports import NOTHING_KNOWN, Direction, Port, Vocabulary
from trees.data.values import is_number, to_text
from trees.errors import ContractError, LimitError


class Wiring:
    """Implements `trees.engine.leaf.PortAccess`: literals are converted once, keys are looked up in the node's scope.

    texts: the ports as written in the file, by name; constants were checked when it was loaded. known: the accepted
    names. ValueError if a literal is not of its port's type.
    """

    def __init__(
        self,
        ports: tuple[Port, ...],
        texts: Mapping[str, str],
        scope: Blackboard,
        path: str,
        known: Vocabulary = NOTHING_KNOWN,
    ) -> None:
        self.scope, self.path, self.texts, self._known = scope, path, texts, known
        self._ports = {port.name: port for port in ports}
        self._keys: dict[str, str] = {}
        self._literals: dict[str, Any] = {}
        for port in ports:
            if port.name in texts and port.is_omitted(texts[port.name]):
                texts = {name: text for name, text in texts.items() if name != port.name}
            text = texts.get(port.name, port.default if isinstance(port.default, str) else None)
            key = None if text is None else key_of(text, port.name)
            if key is not None:
                self._keys[port.name] = key
                scope.declare(key, port.type)
            elif port.name in texts and port.direction is not Direction.OUTPUT:
                self._literals[port.name] = convert(texts[port.name], port.type)
            elif not port.required:
                self._literals[port.name] = port.default

    def get(self, name: str) -> Any:
        """The value. ContractError if there is none of the port's type, LimitError if the port refuses it."""
        if name in self._literals:
            return self._literals[name]
        port = self._port(name)
        key = self._keys.get(name)
        if key is None:
            raise ContractError(f"{self.path}: port '{name}' is not wired")
        value = self._typed(port, key)
        refusal = port.refusal(value, self._known)
        if refusal:
            raise LimitError(f"{self.path}: port '{name}' gets '{_shown(value)}' from {{{key}}}: {refusal}")
        return value

    def _typed(self, port: Port, key: str) -> Any:
        name = port.name
        value = self.scope.get(key, f"{self.path}: port '{name}'")
        if fits(value, port.type):
            return value
        if isinstance(value, str) or is_number(value):
            try:
                return read_as(value, port.type)
            except ValueError as error:
                raise ContractError(f"{self.path}: port '{name}' gets '{value}' from {{{key}}}: {error}") from error
        raise ContractError(
            f"{self.path}: port '{name}' wants {type_name(port.type)}, {{{key}}} holds {type(value).__name__}"
        )

    def set(self, name: str, value: Any) -> None:
        """Write the value. ContractError if the port is an input or refuses the value."""
        port = self._port(name)
        if port.direction is Direction.INPUT:
            raise ContractError(f"{self.path}: port '{name}' is an input, it cannot be written")
        if not fits(value, port.type):
            raise ContractError(
                f"{self.path}: port '{name}' is of type {type_name(port.type)}, not {type(value).__name__}"
            )
        refusal = port.refusal(value)
        if refusal:
            raise ContractError(f"{self.path}: port '{name}' is given '{_shown(value)}': {refusal}")
        if name in self._keys:
            self.scope.set(self._keys[name], value)

    def _port(self, name: str) -> Port:
        if name not in self._ports:
            raise ContractError(f"{self.path}: there is no port '{name}'; ports: {', '.join(self._ports) or 'none'}")
        return self._ports[name]


def _shown(value: Any) -> str:
    """A value for messages, shortened."""
    text = ";".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_as(value: Any, kind: Any) -> Any:
    """A text or number converted to another type, for constants of SubTrees and values of scripts."""
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return convert(to_text(value), kind)
