"""A griffe extension for the API page: `name: meaning` in a docstring becomes a list, errors a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import griffe

RAISES = re.compile(r"(?<=[.;] )(?=(?:[A-Z]\w*(?:Error|Problems)|KeyboardInterrupt)\b)")


def with_lists(text: str, names: Iterable[str]) -> str:
    """The docstring with a list item for each of the names that it explains."""
    choices = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not choices:
        return text
    item = re.compile(rf"(?:^|(?<=[.;] ))((?:{choices})(?:, (?:{choices}))*): ")
    return "\n\n".join(part for paragraph in text.split("\n\n") for part in _parts(paragraph, item))


def _parts(paragraph: str, item: re.Pattern[str]) -> Iterator[str]:
    line = " ".join(paragraph.split())
    before, *rest = item.split(line)
    if not rest:
        yield paragraph
        return
    if before.strip():
        yield before.strip()
    *others, last = rest[1::2]
    last, *errors = RAISES.split(last, maxsplit=1)
    named = zip(rest[::2], [*others, last], strict=True)
    yield "\n".join(f"- `{'`, `'.join(words.split(', '))}`: {meaning.strip()}" for words, meaning in named)
    yield from errors


class ArgumentLists(griffe.Extension):
    """Applies `with_lists` to every class and function, with its arguments and attributes."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        self._apply(cls, {*cls.members, *(parameter.name for parameter in cls.parameters)})

    def on_function_instance(self, *, func: griffe.Function, **_: Any) -> None:
        self._apply(func, {parameter.name for parameter in func.parameters})

    @staticmethod
    def _apply(obj: griffe.Object, names: Iterable[str]) -> None:
        if obj.docstring is not None:
            obj.docstring.value = with_lists(obj.docstring.value, names)
