"""The parameters of a tree: what its TreeNodesModel declares as ports of the main tree, as a mission sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from perception.errors import ConfigError
from trees.literals import convert

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
"""Type names of TreeNodesModels; everything else is text, which the leaf that reads it converts."""


@dataclass(frozen=True)
class Parameter:
    """A port of the main tree. kind: str, float, int or bool. default: as text, None if it must be given."""

    name: str
    kind: type
    default: str | None = None
    text: str = ""


def parameters_of(document: Document) -> list[Parameter]:
    """The input ports of the main tree. ConfigError for a default that is not of its type."""
    model = document.subtree_models.get(document.main)
    if model is None:
        return []
    found = []
    for name, element in model.ports.items():
        if model.direction(name) == "output":
            continue
        kind = KINDS.get(element.attributes.get("type", "").strip(), str)
        default = element.attributes.get("default")
        if default is not None:
            try:
                convert(default, kind)
            except ValueError as error:
                raise ConfigError(
                    f"{element.file}:{element.line}: the default of parameter '{name}' is '{default}': {error}"
                ) from error
        found.append(Parameter(name, kind, default, element.attributes.get("description", "") or element.text.strip()))
    return found


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
        if parameter.kind is float:
            child.spec.double_spec.SetInParent()
            if value is not None:
                child.spec.double_spec.default_value.value = value
        elif parameter.kind is int:
            child.spec.int_spec.SetInParent()
            if value is not None:
                child.spec.int_spec.default_value.value = value
        elif parameter.kind is bool:
            child.spec.bool_spec.default_value.value = bool(value)
        else:
            child.spec.string_spec.editable = True
            child.spec.string_spec.default_value = value or ""
    return spec


def values_of(parameters: Sequence[Parameter], params: Any, inputs: Iterable[Any]) -> dict[str, str]:
    """Text for every parameter, from a DictParam and from KeyValues, else the default.

    ConfigError, naming the parameter, for one that is unknown, missing or of the wrong type.
    """
    given: dict[str, Any] = {item.key: _constant(item) for item in inputs}
    given.update({name: _custom(name, value) for name, value in params.values.items()})
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            raise ConfigError(f"the tree has no parameter '{name}'; it has: {', '.join(known) or 'none'}")
    values = {}
    for name, parameter in known.items():
        text = _as_text(given[name]) if name in given else parameter.default
        if text is None:
            raise ConfigError(f"the parameter '{name}' is missing; it has no default")
        try:
            convert(text, parameter.kind)
        except ValueError as error:
            raise ConfigError(f"the parameter '{name}' is '{text}': {error}") from error
        values[name] = text
    return values


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _custom(name: str, value: Any) -> Any:
    """The plain value of a bosdyn.api.CustomParam."""
    kind = value.WhichOneof("value")
    if kind not in ("int_value", "double_value", "string_value", "bool_value"):
        raise ConfigError(f"the parameter '{name}' is a {kind or 'nothing'}; a number, text or yes/no was expected")
    return getattr(value, kind).value


def _constant(item: Any) -> Any:
    """The plain value of a bosdyn.api.mission.KeyValue."""
    constant = item.value.constant
    kind = constant.WhichOneof("value") if item.value.HasField("constant") else None
    if kind not in ("int_value", "float_value", "string_value", "bool_value"):
        raise ConfigError(f"the parameter '{item.key}' is no constant number, text or yes/no")
    return getattr(constant, kind)
