"""The reference pages of the site, made from the code: commands, leaves, scene files, fault files, run folder, API."""

from __future__ import annotations

import argparse
import ast
import inspect
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
API = ("behaviours", "trees", "perception", "simulation", "simulation.spot_api", "training")
"""The packages whose exports the API page shows; a name stands under the first that exports it."""
PUBLIC = """\
The names that other programs may use. Units are SI, angles radians.

Public are the names on this page, imported from the package itself: `from behaviours import Robot`. The command line,
the leaves with their ports, and the files that spot-grasp reads and writes are public, too. Everything else may change
at any time, even the modules that define these names.

While the version begins with 0, a minor version may change what is public, and the changelog says how to adapt. A patch
version only adds and mends.

Importing a package is quick: each name is imported when it is first used. The extras that a part needs are in
[Install](../install.md)."""


def commands() -> str:
    """Every command of `spot-grasp` with its arguments and options."""
    from app.commands.dispatch import build_parser

    parser = build_parser()
    lines = ["# Commands", "", "Made from the command line itself; `spot-grasp COMMAND --help` prints the same.", ""]
    for name, words, command in each_command(parser, ()):
        lines += [f"## spot-grasp {name}", "", f"{_sentence(words)}", "", "```text", _usage(command), "```", ""]
        lines += ["| argument | meaning | default |", "|---|---|---|"]
        for group in command._action_groups:
            rows = [_option(action) for action in group._group_actions if action.help != argparse.SUPPRESS]
            title = [] if group.title in ("positional arguments", "options") else [f"| **{group.title}** | | |"]
            lines += [*(title if rows else ()), *filter(None, rows)]
        lines.append("")
    lines += ["## Exit codes", "", "```text", (parser.epilog or "").partition("\n\n")[0], "```", ""]
    return "\n".join(lines)


def each_command(parser: argparse.ArgumentParser, path: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                inner = list(each_command(command, (*path, name)))
                yield from inner or [(" ".join((*path, name)), words.get(name, ""), command)]


def _usage(command: argparse.ArgumentParser) -> str:
    return re.sub(r"\s*\n\s*", "\n    ", command.format_usage().removeprefix("usage: ").strip())


def _option(action: argparse.Action) -> str:
    if isinstance(action, argparse._HelpAction):
        return ""
    shown = action.metavar if isinstance(action.metavar, str) else (action.dest or "").upper()
    value = "" if action.nargs == 0 else "|".join(map(str, action.choices)) if action.choices else shown
    names = ", ".join(action.option_strings)
    default = action.default
    plain = default in (None, False, [], (), argparse.SUPPRESS)
    return (
        f"| {_code(f'{names} {value}'.strip())} | {_cell(action.help or '')} | {'' if plain else _code(str(default))} |"
    )


def leaves() -> str:
    """Every leaf with its ports, and the nodes of the language."""
    import trees
    from app.base.known_leaves import known_leaves

    lines = ["# Leaves", "", "Made from the leaves themselves; `spot-grasp nodes` prints the same.", ""]
    for leaf in trees.facts({tag: leaf for tag, leaf in known_leaves().items() if leaf.__module__.startswith("behav")}):
        lines += [f"## {leaf['id']}", "", f"{leaf['kind'].capitalize()}. {leaf['text']}", ""]
        if leaf["ports"]:
            lines += ["| port | direction | type | bounds | default | meaning |", "|---|---|---|---|---|---|"]
        for port in leaf["ports"]:
            default = "required" if port["required"] else "" if port["default"] is None else _code(port["default"])
            kind = _cell(f"{port['type']}{', ' + port['unit'] if port['unit'] else ''}")
            cells = (_code(port["name"]), port["direction"], kind, _bounds(port), default, _cell(port["text"]))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += ["## Nodes of the language", "", ", ".join(_code(tag) for tag in sorted(trees.CONTROL_NODES)), ""]
    return "\n".join(lines)


def _bounds(port: dict[str, Any]) -> str:
    low, high = port["minimum"], port["maximum"]
    words = []
    if low is not None and not math.isinf(low):
        words.append(f"{'>' if port['above_minimum'] else '≥'} {low:g}")
    if high is not None and not math.isinf(high):
        words.append(f"≤ {high:g}")
    return ", ".join(words)


def scenes() -> str:
    """The tables and keys of a scene file, and the scenes that ship."""
    spec: Any = import_module("simulation.scene.spec")
    lines = [
        "# Scene files", "", "A scene file (TOML) says what may stand where; a seed picks one scene out of its ranges.",
        "Every table and every key is optional.", "",
        "A key whose default is a pair takes one number, or a pair `[least, greatest]` from which the seed draws.", "",
        "`spot-grasp check my_scene.toml` lists every mistake with its line and the choices. It warns of what stands",
        "in the way. `spot-grasp scene my_scene.toml --seed 3` says what stands where; with",
        "`--picture out.png` it is drawn as the simulation does. `spot-grasp scene --schema` prints a JSON schema for",
        "editors that complete and check TOML files. A task is rehearsed there without physics by",
        "`spot-grasp run grasp_bottle --robot fake --scene my_scene.toml`.", "",
    ]  # fmt: skip
    for table, kind in spec.TABLES.items():
        lines += [f"## [{table}]", "", _doc(kind), "", "| key | default | allowed |", "|---|---|---|"]
        for entry in fields(kind):
            low, high = spec.LIMITS.get(entry.name, ("", ""))
            allowed = f"{low:g} to {high:g}" if low != "" else ""
            lines.append(f"| {_code(entry.name)} | {_code(_default(entry))} | {allowed} |")
        lines.append("")
    lines += ["## Scenes that ship", ""]
    for file in sorted(spec.LIBRARY.glob("*.toml")):
        lines += [f"### {file.stem}", "", "```toml", file.read_text().rstrip(), "```", ""]
    return "\n".join(lines)


def fault_files() -> str:
    """The kinds and keys of a fault file."""
    spec: Any = import_module("simulation.spot_api.faults.spec")
    lines = [
        "# Fault files", "", "A fault file (TOML, or JSON with the same content) has a list `faults`.",
        "[Simulate a Spot](../simulator.md#faults-on-purpose) shows one and says what each kind does.", "",
        f"Kinds: {', '.join(map(_code, spec.KINDS))}.", "",
        f"`when`: {', '.join(_code(word) for word in spec.WHENS if word)}.", "", *_fields(spec.FaultSpec),
    ]  # fmt: skip
    return "\n".join([*lines, ""])


def run_folder() -> str:
    """What a run leaves."""
    from behaviours.recording import folder, result

    lines = ["# Run folder", "", *_with_blocks(inspect.getdoc(folder) or ""), ""]
    lines += ["## result.json", "", *_fields(result.Result)]
    lines += ["", "The entries of `log.jsonl` are listed in [Watch a run](../watching.md#logs).", ""]
    return "\n".join(lines)


def api() -> str:
    """The public names of the packages, for mkdocstrings."""
    lines = ["# API", "", PUBLIC, ""]
    shown: set[str] = set()
    for package in API:
        names = exports(package)
        lines += [f"## {package}", ""]
        if again := [name for name in names if name in shown]:
            lines += [f"Also exports {', '.join(map(_code, again))}, see above.", ""]
        for name, home in names.items():
            if name not in shown and home.split(".")[0] in API:
                lines += [f"::: {home}.{name}", "    options:", "      heading_level: 3", ""]
        shown |= names.keys()
    return "\n".join(lines)


def exports(package: str) -> dict[str, str]:
    """The names that a package exports -> the module of each, as its `__init__` says to type checkers."""
    tree = ast.parse(ROOT.joinpath(*package.split("."), "__init__.py").read_text())
    blocks = (node.body for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = [node for block in blocks for node in block if isinstance(node, ast.ImportFrom)]
    return {alias.asname or "": node.module or "" for node in imports for alias in node.names}


def _fields(kind: Any) -> list[str]:
    """The docstring of a dataclass, and a table of its fields with their meanings, `name: words.` in that docstring."""
    names = "|".join(entry.name for entry in fields(kind))
    text, *parts = re.split(rf"(?:^|(?<=[\s\0]))({names}): ", " ".join(_doc(kind).replace("\n\n", "\0").split()))
    words = dict(zip(parts[::2], parts[1::2], strict=True))
    lines = [*text.replace("\0", "\n\n").strip().splitlines(), "", "| field | meaning | default |", "|---|---|---|"]
    for entry in fields(kind):
        cells = (_code(entry.name), _cell(words[entry.name].strip(" .\0")), _code(_default(entry)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _default(entry: Field[Any]) -> str:
    value = entry.default
    if value is MISSING:
        value = entry.default_factory() if entry.default_factory is not MISSING else ""
    return " ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)


def _doc(item: Any) -> str:
    text = inspect.getdoc(item) or ""
    return "" if text.startswith(f"{getattr(item, '__name__', '')}(") else text.replace("<", "&lt;")


def _with_blocks(text: str) -> Iterator[str]:
    """A docstring whose indented parts are blocks of text."""
    for part in re.split(r"\n\n", text):
        yield f"```text\n{inspect.cleandoc(part)}\n```\n" if part.startswith("    ") else part + "\n"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "." * (not words.endswith(("?", ".")))


def _cell(text: str) -> str:
    return text.replace("%%", "%").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/leaves.md": leaves,
    "reference/scenes.md": scenes,
    "reference/fault-files.md": fault_files,
    "reference/run-folder.md": run_folder,
    "reference/api.md": api,
}
