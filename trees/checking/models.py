"""Compares a TreeNodesModel, which editors use, with the Python classes, which run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trees.checking.fixed import literal_refusal
from trees.checking.kinds import Kinds, NodeClass
from trees.checking.nodes import has_free_ports
from trees.data.literals import key_of, type_name
from trees.reading.elements import Problem
from trees.reading.names import listed, nearest
from trees.reading.outline import Model, Outline

_COMPARED: Final = frozenset({"int", "float", "str", "bool"})
"""Type names of our own palette; those of other languages are not compared."""


def check_models(outline: Outline, kinds: Kinds) -> Iterator[Problem]:
    """Warnings where the model of a used node differs from its class."""
    for name, model in outline.models.items():
        kind = kinds.classes.get(name)
        if kind is not None and not has_free_ports(kind):
            yield from _check(name, model, kind)


def _check(name: str, model: Model, kind: NodeClass) -> Iterator[Problem]:
    if model.kind != kind.KIND:
        message = f"the model calls '{name}' {with_article(model.kind)}, but it is {with_article(kind.KIND)}"
        yield model.element.problem(message, warning=True)
    ports = {port.name: port for port in kind.PORTS}
    for port_name, declared in model.ports.items():
        port = ports.get(port_name)
        if port is None:
            near = nearest(port_name, ports)
            message = f"the model of '{name}' has a port '{port_name}', which it does not have.{near}"
            yield declared.problem(f"{message} Ports: {listed(ports)}", "name", warning=True)
            continue
        direction, modelled = port.direction.value, model.direction(port_name)
        if modelled != direction:
            message = f"the model of '{name}' calls port '{port_name}' an {modelled}, but it is an {direction}"
            yield declared.problem(message, warning=True)
        modelled_type = declared.attributes.get("type", "")
        if modelled_type in _COMPARED and modelled_type != type_name(port.type):
            real = type_name(port.type)
            message = f"the model of '{name}' says that port '{port_name}' is {modelled_type}, but it is {real}"
            yield declared.problem(message, "type", warning=True)
        default = declared.attributes.get("default", "")
        if default.strip() and key_of(default, port_name) is None and (wrong := literal_refusal(default, port)):
            message = f"the model of '{name}' gives port '{port_name}' the default '{default}': {wrong}"
            yield declared.problem(message, "default", warning=True)
    lacking = [port.name for port in kind.PORTS if port.required and port.name not in model.ports]
    if lacking:
        message = f"the model of '{name}' lacks ports that it needs: {', '.join(lacking)}"
        yield model.element.problem(message, warning=True)


def with_article(word: str) -> str:
    return f"an {word}" if word[0] in "AEIOU" else f"a {word}"
