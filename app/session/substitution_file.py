"""The file of --substitute, in BehaviorTree.CPP's form.

{"TestNodeConfigs":   {"Missed": {"return_status": "FAILURE", "async_delay": 2000, "post_script": "n := n + 1"}},
 "SubstitutionRules": {"CloseGripper": "Missed", "Sub/look_*": "AlwaysSuccess"}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from perception.base.errors import ConfigError
from perception.base.files import json_of, read_text
from trees.reading.names import nearest

MAX_RULES: Final = 1000
SECTIONS: Final = ("TestNodeConfigs", "SubstitutionRules")
STATUSES: Final = ("SUCCESS", "FAILURE", "SKIPPED", "RUNNING")
KEYS: Final = (
    "return_status", "return_status_script", "async_delay", "success_script", "failure_script", "post_script",
)  # fmt: skip
SCRIPTS: Final = tuple(key for key in KEYS if key.endswith("_script"))


@dataclass(frozen=True)
class NodeConfig:
    """What a scripted leaf does. After `delay_s` on the robot's clock it returns `status`, or the value of its
    `return_status_script` if there is one. Then it runs the scripts that apply, `post_script` last.

    scripts: their texts by their keys in the file. place: of this configuration in the file, for messages.
    """

    status: str
    delay_s: float = 0.0
    scripts: Mapping[str, str] = field(default_factory=dict)
    place: str = ""


ALWAYS: Final = {"AlwaysSuccess": NodeConfig("SUCCESS"), "AlwaysFailure": NodeConfig("FAILURE")}


@dataclass(frozen=True)
class Rule:
    """pattern: the name or tag of a node, or its path with `*` for any text and `?` for any letter. config: what to put
    there, or None for the leaf `target`."""

    pattern: str
    target: str
    config: NodeConfig | None

    def matches(self, name: str, tag: str, *paths: str) -> bool:
        """Whether the rule is for a node of this name, tag and paths."""
        if self.pattern in (name, tag):
            return True
        return any(fits(self.pattern, path) for path in paths)


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` for any text and `?` for any letter matches a text. It takes at most the product of
    their lengths in time; a regular expression can take exponential time."""
    first, *others = pattern.split("*")
    if not others:
        return len(first) == len(text) and _starts(text, first, 0)
    at, end = len(first), len(text) - len(others[-1])
    if at > end or not _starts(text, first, 0) or not _starts(text, others[-1], end):
        return False
    for part in others[:-1]:  # the first place of each leaves most to the others
        place = _place(text[:end], part, at)
        if place < 0:
            return False
        at = place + len(part)
    return True


def _place(text: str, part: str, at: int) -> int:
    """Where a part of a pattern, without `*`, is first met in a text from a place on; -1 if nowhere."""
    if "?" not in part:
        return text.find(part, at)
    return next((place for place in range(at, len(text) - len(part) + 1) if _starts(text, part, place)), -1)


def _starts(text: str, part: str, at: int) -> bool:
    """Whether a text goes on with a part of a pattern, without `*`, at a place."""
    return all(letter in ("?", there) for letter, there in zip(part, text[at : at + len(part)], strict=True))


def read_rules(file: Path) -> tuple[tuple[Rule, ...], str]:
    """The rules in the order of the file, and its text. ConfigError, naming file, key and choices, for a mistake."""
    text = read_text(file, "file of substitutions")
    top = _Part(str(file), "", _json(file, text))
    top.only(SECTIONS)
    return _rules(top.part("TestNodeConfigs", optional=True), top.part("SubstitutionRules")), text


def rules_of(file: str, nodes: Any, rules: Any) -> tuple[Rule, ...]:
    """The same from the two tables of a file of cases. file: the place, for messages."""
    return _rules(_Part(file, "nodes", nodes), _Part(file, "substitute", rules))


def _rules(nodes: _Part, rules: _Part) -> tuple[Rule, ...]:
    configs = {name: _config(part) for name, part in nodes.parts()}
    read = []
    for pattern in rules.value:
        target = rules.text(pattern)
        read.append(Rule(pattern, target, configs.get(target) or ALWAYS.get(target)))
    if len(read) > MAX_RULES:
        raise rules.wrong(f"has {len(read)} rules; at most {MAX_RULES}")
    if not read:
        raise rules.wrong('has no rule; a rule is "PATTERN": "NAME"')
    return tuple(read)


def _config(part: _Part) -> NodeConfig:
    part.only(KEYS)
    scripts = {name: part.text(name) for name in SCRIPTS if name in part.value}
    has_status = "return_status" in part.value or not scripts.get("return_status_script")
    status = part.text("return_status") if has_status else "SUCCESS"
    if status not in STATUSES:
        raise part.wrong(f"'{status}' is not one of {', '.join(STATUSES)}", "return_status")
    delay_ms = part.value.get("async_delay", 0)
    if isinstance(delay_ms, bool) or not isinstance(delay_ms, int) or not 0 <= delay_ms <= 10**9:
        raise part.wrong("is not a whole number of milliseconds from 0 to 1000000000", "async_delay")
    return NodeConfig(status, delay_ms / 1000.0, scripts, f"{part.file}: {part.name}")


@dataclass(frozen=True)
class _Part:
    """An object of the file. name: its keys from the top, joined by points."""

    file: str
    name: str
    value: Any

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise self.wrong("is not an object in braces")

    def wrong(self, words: str, key: str = "") -> ConfigError:
        where = ".".join(text for text in (self.name, key) if text)
        return ConfigError(f"{self.file}: {where + ': ' if where else ''}{words}")

    def only(self, allowed: tuple[str, ...]) -> None:
        for key in self.value:
            if key not in allowed:
                choices = ", ".join(allowed)
                raise self.wrong(f"unknown key.{nearest(key, allowed)} Keys: {choices}", key)

    def part(self, key: str, *, optional: bool = False) -> _Part:
        if key not in self.value and not optional:
            raise self.wrong(f"is missing; the file has {' and '.join(SECTIONS)}", key)
        return _Part(self.file, f"{self.name}.{key}" if self.name else key, self.value.get(key, {}))

    def parts(self) -> list[tuple[str, _Part]]:
        return [(key, self.part(key)) for key in self.value]

    def text(self, key: str) -> str:
        if key not in self.value:
            raise self.wrong("is missing", key)
        if not isinstance(self.value[key], str):
            raise self.wrong("is not a text in quotes", key)
        return str(self.value[key])


def _json(file: Path, text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in pairs:
            if key in values:
                raise ConfigError(f"{file}: '{key}' stands there twice; the second would replace the first")
            values[key] = value
        return values

    return json_of(file, text, pairs=once)
