"""A TreeNodesModel against the Python classes: an editor offers what the model says, the robot does what they say."""

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
"""Types by the names that our own palette gives them; those of other languages are not compared."""


def check_models(out: Outline, kinds: Kinds) -> Iterator[Problem]:
    """Warnings where the model of a node that the trees use says something else than its class."""
    for name, model in out.models.items():
        kind = kinds.classes.get(name)
        if kind is not None and not has_free_ports(kind):
            yield from _check(name, model, kind)


def _check(name: str, model: Model, kind: NodeClass) -> Iterator[Problem]:
    if model.kind != kind.KIND:
        message = f"the model calls '{name}' {a(model.kind)}, but it is {a(kind.KIND)}"
        yield model.element.problem(message, warning=True)
    ports = {port.name: port for port in kind.PORTS}
    for called, declared in model.ports.items():
        port = ports.get(called)
        if port is None:
            message = f"the model of '{name}' has a port '{called}', which it does not have.{nearest(called, ports)}"
            yield declared.problem(f"{message} Ports: {listed(ports)}", "name", warning=True)
            continue
        direction, modelled = port.direction.value, model.direction(called)
        if modelled != direction:
            message = f"the model of '{name}' calls port '{called}' an {modelled}, but it is an {direction}"
            yield declared.problem(message, warning=True)
        told = declared.attributes.get("type", "")
        if told in _COMPARED and told != type_name(port.type):
            message = f"the model of '{name}' says that port '{called}' is {told}, but it is {type_name(port.type)}"
            yield declared.problem(message, "type", warning=True)
        default = declared.attributes.get("default", "")
        if default.strip() and key_of(default, called) is None and (wrong := literal_refusal(default, port)):
            message = f"the model of '{name}' gives port '{called}' the default '{default}': {wrong}"
            yield declared.problem(message, "default", warning=True)
    lacking = [port.name for port in kind.PORTS if port.required and port.name not in model.ports]
    if lacking:
        message = f"the model of '{name}' lacks ports that it needs: {', '.join(lacking)}"
        yield model.element.problem(message, warning=True)


def a(word: str) -> str:
    return f"an {word}" if word[0] in "AEIOU" else f"a {word}"
