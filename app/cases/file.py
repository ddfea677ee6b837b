"""Reads a file of cases, `TREE.test.toml`. A mistake is a ConfigError that names the file, the case, the key and the
choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from app.cases.model import ENDS, OUTCOMES, Case, CaseFile, Expected, Unseen
from app.session.substitution_file import rules_of
from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.stage import FakeItem, Top
from behaviours.robots.fake.world import LABELS, FakeShape
from perception.base.errors import ConfigError
from perception.base.files import read_toml
from trees.reading.names import nearest

ENDING: Final = ".test.toml"
SCRIPT: Final = {entry.name: entry.default for entry in fields(FakeScript)}
PLACES: Final = ("objects", "tables")
MOST_CASES: Final = 1000
FAR_M: Final = 100.0
MOST_S: Final = 1e6
MANY: Final = 10**6


def tree_beside(file: Path) -> Path:
    """The tree that a file of cases is for by its name: `pick.xml` for `pick.test.toml`."""
    return file.with_name(file.name.removesuffix(ENDING) + ".xml")


def read_cases(file: Path) -> CaseFile:
    """The cases of a file. ConfigError for a mistake in it."""
    top = _Table(str(file), "", read_toml(file, "file of cases"))
    top.only("tree", "main", "complete", "include", "world", "case", "unseen")
    tables, unseen = top.tables("case"), top.tables("unseen")
    for name in top.texts("include"):
        part = _Table(str(file.parent / name), "", read_toml(file.parent / name, "file of cases"))
        part.only("case", "unseen")
        tables, unseen = tables + part.tables("case"), unseen + part.tables("unseen")
    cases = tuple(_case(table, top.table("world")) for table in tables)
    if not cases:
        raise top.wrong("has no [[case]]")
    if len(cases) > MOST_CASES:
        raise top.wrong(f"has {len(cases)} cases; at most {MOST_CASES}")
    names = [case.name for case in cases]
    if twice := [name for name in names if names.count(name) > 1]:
        raise top.wrong(f"two cases are called '{twice[0]}'")
    tree = top.text("tree", "")
    beside = file.parent / tree if tree else tree_beside(file)
    return CaseFile(
        file,
        str(beside) if beside.exists() or not tree else tree,
        cases,
        top.text("main", "") or None,
        top.flag("complete"),
        tuple(_unseen(table) for table in unseen),
    )


def case_of(name: str, values: Mapping[str, Any]) -> Case:
    """A case from the keys of its table, as a program gives them. ConfigError for a mistake."""
    return _case(_Table("the case", "", {"name": name, **values}), _Table("", "", {}))


def _case(table: _Table, usual: _Table) -> Case:
    """usual: the world of all cases of the file, which the world of the case changes."""
    table = _Table(table.file, f"case '{table.text('name')}'", table.value)
    table.only("name", "scene", "seed", "world", "fail", "fail_each", "substitute", "nodes", "time_limit_s", "expect")
    own, fail = table.table("world"), table.table("fail")
    scene = table.text("scene", "")
    kept = {key: value for key, value in usual.value.items() if not (scene and key in PLACES)}
    world = _Table(own.file, own.name, {**kept, **own.value})
    world.only(*PLACES, *SCRIPT)
    for key in PLACES:
        if scene and key in world.value:
            raise world.wrong("not together with a scene, which has its own", key)
    rules = {key: table.table(key).value for key in ("nodes", "substitute")}
    return Case(
        table.text("name"),
        scene,
        table.whole("seed", 0, least=0),
        tuple(_item(item) for item in world.tables("objects")) if "objects" in world.value else None,
        tuple(_top(item) for item in world.tables("tables")) if "tables" in world.value else None,
        _script(world),
        {pattern: fail.whole(pattern, 1, least=1) for pattern in fail.value},
        table.texts("fail_each"),
        rules_of(f"{table.file}: {table.name}", rules["nodes"], rules["substitute"]) if rules["substitute"] else (),
        table.number("time_limit_s", 600.0, 0.05, MOST_S),
        _expected(table.table("expect")),
    )


def _script(world: _Table) -> FakeScript:
    values: dict[str, Any] = {}
    for key in SCRIPT.keys() & world.value.keys():
        if isinstance(SCRIPT[key], bool):
            values[key] = world.flag(key)
        elif key.endswith("_s"):
            values[key] = world.number(key, None, 0.0, MOST_S)
        else:
            values[key] = world.whole(key, None, least=0)
    return FakeScript(**values)


def _item(table: _Table) -> FakeItem:
    table.only("foot_m", "label", "radius_m", "height_m", "lying_rad")
    usual = FakeShape()
    label = table.text("label", usual.label)
    if label not in LABELS:
        raise table.wrong(f"unknown '{label}'; choose from: {', '.join(LABELS)}", "label")
    lying = table.number("lying_rad", None, -7.0, 7.0) if "lying_rad" in table.value else None
    radius_m = table.number("radius_m", usual.radius_m, 0.005, 0.5)
    x, y, z = table.numbers("foot_m", 3)
    return FakeItem((x, y, z), FakeShape(label, radius_m, table.number("height_m", usual.height_m, 0.01, 2.0), lying))


def _top(table: _Table) -> Top:
    table.only("top_m", "half_width_m")
    x, y, z = table.numbers("top_m", 3)
    return x, y, z, table.number("half_width_m", 0.3, 0.01, 20.0)


def _expected(table: _Table) -> Expected:
    table.only(*(entry.name for entry in fields(Expected)))
    status = table.text("status", "success")
    if status not in ENDS:
        raise table.wrong(f"unknown '{status}'; choose from: {', '.join(ENDS)}", "status")
    return Expected(
        status,
        table.text("reason", ""),
        table.texts("visited"),
        table.texts("unvisited"),
        table.texts("order"),
        table.texts("reports") if "reports" in table.value else None,
        table.whole("attempts", 0, least=0) if "attempts" in table.value else None,
        _seconds(table),
    )


def _seconds(table: _Table) -> tuple[float, float]:
    if "seconds" not in table.value:
        return Expected.seconds
    least, most = table.numbers("seconds", 2, MOST_S)
    if not 0.0 <= least <= most:
        raise table.wrong(f"[{least:g}, {most:g}] is not [least, most]", "seconds")
    return least, most


def _unseen(table: _Table) -> Unseen:
    table.only("node", "outcomes", "reason")
    outcomes = table.texts("outcomes") or OUTCOMES
    if wrong := [outcome for outcome in outcomes if outcome not in OUTCOMES]:
        raise table.wrong(f"unknown '{wrong[0]}'; choose from: {', '.join(OUTCOMES)}", "outcomes")
    return Unseen(table.text("node"), table.text("reason"), outcomes)


@dataclass(frozen=True)
class _Table:
    """A table of the file. name: where it is, for messages."""

    file: str
    name: str
    value: Any

    def __post_init__(self) -> None:
        if not isinstance(self.value, Mapping):
            raise self.wrong("is not a table")

    def wrong(self, words: str, key: str = "") -> ConfigError:
        where = ": ".join(text for text in (self.file, self.name, key) if text)
        return ConfigError(f"{where}: {words}")

    def only(self, *allowed: str) -> None:
        for key in self.value:
            if key not in allowed:
                raise self.wrong(f"unknown key.{nearest(key, allowed)} Keys: {', '.join(allowed)}", key)

    def table(self, key: str) -> _Table:
        return _Table(self.file, f"{self.name}: {key}" if self.name else key, self.value.get(key, {}))

    def tables(self, key: str) -> list[_Table]:
        listed = self.value.get(key, [])
        if not isinstance(listed, list):
            raise self.wrong("is not a list of tables", key)
        name = f"{self.name}: {key}" if self.name else key
        return [_Table(self.file, f"{name} {number}", item) for number, item in enumerate(listed, 1)]

    def text(self, key: str, default: str | None = None) -> str:
        value = self.value.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong("is missing" if value is None else f"{value!r} is not a text", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.value.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(f"{value!r} is not a list of texts", key)
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(f"{value!r} is neither true nor false", key)
        return value

    def whole(self, key: str, default: int | None, *, least: int) -> int:
        value = self.value.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MANY:
            raise self.wrong(f"{value!r} is not a whole number from {least} to {MANY}", key)
        return value

    def number(self, key: str, default: float | None, least: float, most: float) -> float:
        value = self.value.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.wrong(f"{value!r} is not a number from {least:g} to {most:g}", key)
        return float(value)

    def numbers(self, key: str, count: int, most: float = FAR_M) -> tuple[float, ...]:
        value = self.value.get(key)
        if not isinstance(value, list | tuple) or len(value) != count:
            raise self.wrong("is missing" if value is None else f"{value!r} is not a list of {count} numbers", key)
        row = _Table(self.file, f"{self.name}: {key}", {str(index): item for index, item in enumerate(value)})
        return tuple(row.number(str(index), None, -most, most) for index in range(count))
