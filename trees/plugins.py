"""Leaves of other packages, entry points of the group `spot_grasp.leaves`: name = tag, value = class.

    [project.entry-points."spot_grasp.leaves"]
    BlinkLights = "my_package.leaves:BlinkLights"

A plug-in is imported only when a tree uses its tag or all leaves are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from trees.data.ports import Port
from trees.engine.leaf import Leaf
from trees.errors import TreeError
from trees.nodes import CONTROL_NODES
from trees.reading.names import RESERVED

GROUP: Final = "spot_grasp.leaves"


class PluginLeaves(Mapping[str, type[Leaf]]):
    """The built-in leaves and those of installed plug-ins, by tag.

    built_in: by tag. entries: entry points of plug-ins, None for those of the installed packages. The lookup of a tag
    imports its plug-in. TreeError, naming tag, value and package, if it cannot be imported, is no leaf, declares no
    ports, or has a tag that is taken.
    """

    def __init__(self, built_in: Mapping[str, type[Leaf]], entries: Iterable[EntryPoint] | None = None) -> None:
        self._built_in, self._entry_points = built_in, entries
        self._loaded: dict[str, type[Leaf] | TreeError] = {}

    @cached_property
    def _entries(self) -> dict[str, list[EntryPoint]]:
        entries: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=GROUP) if self._entry_points is None else self._entry_points:
            same = entries.setdefault(entry.name, [])
            if not any((each.value, package(each)) == (entry.value, package(entry)) for each in same):
                same.append(entry)  # a package can be on the path twice
        return entries

    def __getitem__(self, tag: str) -> type[Leaf]:
        if tag not in self._entries:
            return self._built_in[tag]
        if tag not in self._loaded:
            try:
                self._loaded[tag] = self._load(tag)
            except TreeError as error:
                self._loaded[tag] = error
        loaded = self._loaded[tag]
        if isinstance(loaded, TreeError):
            raise TreeError(str(loaded)) from loaded.__cause__
        return loaded

    def __contains__(self, tag: object) -> bool:
        return tag in self._built_in or tag in self._entries

    def __iter__(self) -> Iterator[str]:
        yield from self._built_in
        yield from (tag for tag in sorted(self._entries) if tag not in self._built_in)

    def __len__(self) -> int:
        return len(self._built_in.keys() | self._entries.keys())

    def plugins(self) -> list[str]:
        """The tags of plug-ins, working or not."""
        return sorted(self._entries)

    def _load(self, tag: str) -> type[Leaf]:
        """Import the class of a plug-in and check it."""
        entries = self._entries[tag]
        where = " and ".join(map(described, entries))
        if tag in self._built_in or tag in CONTROL_NODES or tag == "SubTree":
            raise TreeError(f"the tag '{tag}' is built in, and {where} gives it again; rename it or uninstall one")
        if len(entries) > 1:
            raise TreeError(f"the tag '{tag}' is given by {where}; uninstall one")
        try:
            loaded = entries[0].load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # foreign code may raise anything
            reason = f"{type(error).__name__}: {error}"
            raise TreeError(f"{where} cannot be imported: {reason}") from error
        if not (isinstance(loaded, type) and issubclass(loaded, Leaf)):
            raise TreeError(f"{where} is no leaf: expected a class derived from trees.engine.leaf.Leaf, got {loaded!r}")
        wrong = declaration_error(tag, loaded)
        if wrong:
            raise TreeError(f"{where} {wrong}")
        return loaded


def package(entry: EntryPoint) -> str:
    """The package that gives an entry point, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "an unknown package"


def described(entry: EntryPoint) -> str:
    """An entry point for messages."""
    return f"the plug-in {entry.value} of {package(entry)}"


def declaration_error(tag: str, leaf: type[Leaf]) -> str:
    """The error in the declaration of a leaf's class, "" if there is none."""
    if "PORTS" not in {name for each in leaf.__mro__ if each is not Leaf for name in vars(each)}:
        return "declares no PORTS; a leaf without any says so: PORTS = ()"
    if not (isinstance(leaf.PORTS, tuple) and all(isinstance(port, Port) for port in leaf.PORTS)):
        return "has PORTS that is no tuple of ports; use input_port and output_port of trees.data.ports"
    names = [port.name for port in leaf.PORTS]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        return f"declares the port '{min(twice)}' twice"
    bad = [name for name in names if name in RESERVED or not name[:1].isalpha()]
    if bad:
        return f"has a port named {bad[0]!r}; a port's name begins with a letter and is not {', '.join(RESERVED)}"
    for port in leaf.PORTS:
        if type(port.default) in (int, float) and (wrong := port.refusal(port.default)):
            return f"gives port '{port.name}' the default {port.default}: {wrong}"
    if leaf.KIND not in ("Action", "Condition"):
        return f"is of KIND {leaf.KIND!r}, expected 'Action' or 'Condition'"
    if leaf.TAG not in ("", tag):
        return f"has the TAG '{leaf.TAG}', but its entry point is named '{tag}'; they must be the same"
    return ""
