"""How keys pass between a SubTree and its tree, and the limit of the work that follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from trees.data.literals import key_of
from trees.reading.elements import Element
from trees.reading.names import RESERVED
from trees.reading.outline import Model

MAX_WORK: Final = 300_000
"""Steps of one check before the rest is left to the run, with a warning."""


@dataclass(frozen=True)
class Input:
    """The text of a port of a SubTree, and the attribute that it is written in: of its tag or of its model."""

    text: str
    element: Element
    attribute: str


def is_port(attribute: str) -> bool:
    """True if an attribute of a tag is a port, not a word of the language or of an editor."""
    return attribute not in RESERVED and attribute[0].isalpha()


def remaps_all(element: Element) -> bool:
    """True if a SubTree has `_autoremap`."""
    return element.attributes.get("_autoremap", "0").strip().lower() in ("1", "true")


def subtree_inputs(element: Element, models: Mapping[str, Model]) -> dict[str, Input]:
    """The ports of a SubTree by name: those of its tag and, without `_autoremap`, the defaults of its model."""
    inputs = {name: Input(text, element, name) for name, text in element.attributes.items() if is_port(name)}
    model = models.get(element.attributes.get("ID", ""))
    for name, declared in model.ports.items() if model is not None and not remaps_all(element) else ():
        if "default" in declared.attributes:
            inputs.setdefault(name, Input(declared.attributes["default"], declared, "default"))
    return inputs


def outer_key(key: str, inputs: Mapping[str, Input], autoremap: bool) -> str | None:
    """The key outside a SubTree for `key` in its tree; "" if it is set to a constant, None if it is not handed in."""
    if key.startswith("@"):
        return key
    if key in inputs:
        return key_of(inputs[key].text, key) or ""
    return key if autoremap and not key.startswith("_") else None


class TooMuchWorkError(Exception):
    """A check has used up its work."""


class WorkLimit:
    """Counts the steps of one check."""

    def __init__(self) -> None:
        self._work = 0

    def spend(self, steps: int) -> None:
        """TooMuchWorkError after more than MAX_WORK steps."""
        self._work += steps
        if self._work > MAX_WORK:
            raise TooMuchWorkError
