"""The parameters of a tree for a mission: the ports that its TreeNodesModel declares for the main tree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from perception.base.errors import ConfigError
from trees.checking.fixed import refusal
from trees.data.blackboard import typed_constant
from trees.data.literals import convert
from trees.data.ports import FINITE, NOTHING_KNOWN, Bounds, Port, Vocabulary

if TYPE_CHECKING:
    from trees import Document

KINDS: Final[dict[str, type]] = {
    "float": float,
    "double": float,
    "int": int,
    "int64_t": int,
    "unsigned": int,
    "uint64_t": int,
    "bool": bool,
}
"""Type names in TreeNodesModels. Every other type is text, which the leaf that reads it converts."""
STAND_INS: Final[dict[type, str]] = {float: "1.0", int: "1", bool: "true", str: "x"}


@dataclass(frozen=True)
class Parameter:
    """A port of the main tree. kind: str, float, int or bool. default: as text, None for a required one. text: its
    description. ports: those of the leaves and nodes that read it."""

    name: str
    kind: type
    default: str | None = None
    text: str = ""
    ports: tuple[Port, ...] = ()

    @property
    def bounds(self) -> Bounds:
        """The range that every numeric port which reads it accepts."""
        ranges = [port.bounds for port in self.ports if port.type in (int, float)]
        if not ranges:
            return FINITE
        lowest = max(ranges, key=lambda each: (each.minimum, each.above))
        return Bounds(lowest.minimum, min(each.maximum for each in ranges), lowest.above)

    def refusal(self, text: str, known: Vocabulary = NOTHING_KNOWN) -> str:
        """Why a value is refused, "" if it is accepted."""
        try:
            convert(text, self.kind)
        except ValueError as error:
            return str(error)
        wrong = (refusal(typed_constant(text), port, known) for port in self.ports)
        return next(filter(None, wrong), "")

    def stand_in(self, known: Vocabulary = NOTHING_KNOWN) -> str:
        """A value that is accepted, to check a tree before a mission gives one."""
        if self.default is not None:
            return self.default
        for port in self.ports:
            if port.names in known:
                return known[port.names].choices[0]
            if isinstance(port.type, type) and issubclass(port.type, Enum):
                return str(next(iter(port.type)).name)
        low, high = self.bounds.minimum, self.bounds.maximum
        likely = [STAND_INS[self.kind], *(f"{value:.6g}" for value in (1, (low + high) / 2, low, high))]
        return next((text for text in likely if not self.refusal(text)), likely[0])


def parameters_of(document: Document) -> list[Parameter]:
    """The input ports of the main tree. ConfigError for a default that its ports refuse."""
    model = document.subtree_models.get(document.main)
    if model is None:
        return []
    parameters = []
    for name, element in model.ports.items():
        if model.direction(name) == "output":
            continue
        kind = KINDS.get(element.attributes.get("type", "").strip(), str)
        default = element.attributes.get("default")
        text = element.attributes.get("description", "") or element.text.strip()
        parameter = Parameter(name, kind, default, text, tuple(document.readers(name)))
        if default is not None:
            wrong = parameter.refusal(default)
            if wrong:
                place = f"{element.file}:{element.line}"
                raise ConfigError(f"{place}: the default of parameter '{name}' is '{default}': {wrong}")
        parameters.append(parameter)
    return parameters


def outputs_of(document: Document) -> list[str]:
    """The names of the main tree's output ports."""
    model = document.subtree_models.get(document.main)
    return [] if model is None else [name for name in model.ports if model.direction(name) == "output"]


def specification(parameters: Sequence[Parameter]) -> Any:
    """The bosdyn.api.DictParam.Spec that the tablet shows."""
    from bosdyn.api import service_customization_pb2 as custom

    spec = custom.DictParam.Spec()
    for order, parameter in enumerate(parameters):
        child = spec.specs[parameter.name]
        child.ui_info.display_name, child.ui_info.description = parameter.name, parameter.text
        child.ui_info.display_order = order
        value = None if parameter.default is None else convert(parameter.default, parameter.kind)
        if parameter.kind in (int, float):
            number = child.spec.double_spec if parameter.kind is float else child.spec.int_spec
            number.SetInParent()
            if value is not None:
                number.default_value.value = value
            for field, limit in (("min_value", parameter.bounds.minimum), ("max_value", parameter.bounds.maximum)):
                if math.isfinite(limit):
                    getattr(number, field).value = parameter.kind(limit)
        elif parameter.kind is bool:
            child.spec.bool_spec.default_value.value = bool(value)
        else:
            child.spec.string_spec.editable = True
            child.spec.string_spec.default_value = value or ""
    return spec


def values_of(
    parameters: Sequence[Parameter], params: Any, inputs: Iterable[Any], known: Vocabulary = NOTHING_KNOWN
) -> dict[str, str]:
    """The value of every parameter, as text.

    params: bosdyn.api.DictParam. inputs: bosdyn.api.mission.KeyValue. A parameter in neither takes its default. known:
    the names that ports accept. ConfigError, naming the parameter, for one that is unknown, missing, of the wrong type
    or outside its bounds.
    """
    received: dict[str, Any] = {item.key: _constant(item) for item in inputs}
    received.update({name: _custom(name, value) for name, value in params.values.items()})
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in received:
        if name not in by_name:
            raise ConfigError(f"the tree has no parameter '{name}'; it has: {', '.join(by_name) or 'none'}")
    values = {}
    for name, parameter in by_name.items():
        text = _as_text(received[name]) if name in received else parameter.default
        if text is None:
            raise ConfigError(f"the parameter '{name}' is missing; it has no default")
        wrong = parameter.refusal(text, known)
        if wrong:
            raise ConfigError(f"the parameter '{name}' is '{text}': {wrong}")
        values[name] = text
    return values


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _custom(name: str, value: Any) -> Any:
    """The plain value of a bosdyn.api.CustomParam."""
    kind = value.WhichOneof("value")
    if kind not in ("int_value", "double_value", "string_value", "bool_value"):
        raise ConfigError(f"the parameter '{name}' is {kind or 'empty'}, expected a number, a string or a boolean")
    return getattr(value, kind).value


def _constant(item: Any) -> Any:
    """The plain value of a bosdyn.api.mission.KeyValue."""
    constant = item.value.constant
    kind = constant.WhichOneof("value") if item.value.HasField("constant") else None
    if kind not in ("int_value", "float_value", "string_value", "bool_value"):
        raise ConfigError(f"the parameter '{item.key}' is not constant, expected a constant number, string or boolean")
    return getattr(constant, kind)
