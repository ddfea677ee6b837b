"""The rules for names, and suggestions for misspelt ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Final

EXPLICIT: Final = ("Action", "Condition", "Control", "Decorator", "SubTree")
CONDITIONS: Final = (
    "_failureIf", "_successIf", "_skipIf", "_while", "_onSuccess", "_onFailure", "_onHalted", "_post",
)  # fmt: skip
RESERVED: Final = ("name", "ID", "_autoremap", *CONDITIONS)
MAX_LISTED: Final = 20
_FORBIDDEN: Final = frozenset("<>&\"'/\\:*?|.")


def listed(choices: Collection[str]) -> str:
    """The choices for people, at most MAX_LISTED of them."""
    names = list(islice(choices, MAX_LISTED))
    more = f" and {len(choices) - MAX_LISTED} more" if len(choices) > MAX_LISTED else ""
    return (", ".join(names) or "none") + more


def nearest(word: str, choices: Iterable[str]) -> str:
    """` Did you mean 'Capture'?`, or nothing. The number and the length of the compared choices are limited."""
    if not 0 < len(word) <= 60:
        return ""
    few = [choice for choice in islice(choices, 5 * MAX_LISTED) if len(choice) <= 60]
    near = get_close_matches(word, few, 1, 0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def name_error(name: str) -> str:
    """The error in the ID of a tree or a model by the rules of 4.10, "" if there is none. Spaces are checked
    elsewhere."""
    if name in ("Root", "root"):
        return f"'{name}' is reserved"
    for character in name:
        if character in _FORBIDDEN or ord(character) < 0x20 or ord(character) == 0x7F:
            return f"'{name}' has the character {character!r}, which is not allowed in an ID"
    return ""


def port_name_error(name: str) -> str:
    """The error in the name of a port in a model, "" if there is none."""
    if name in RESERVED:
        return f"'{name}' is a reserved attribute, not a port"
    if name[0].isdigit():
        return f"the port '{name}' begins with a digit"
    if " " in name:
        return f"the port '{name}' has a space in its name"
    return name_error(name)
