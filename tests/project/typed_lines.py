"""Every line that docs, help and messages tell people to type, found in the files."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.commands.dispatch import build_parser
from spot_grasp_main import PACKAGES
from tests.support.places import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
STARTS = ("spot-grasp", "pip", "make", "python", "python3", "torchrun")
BLOCK = re.compile(r"(?:^<!-- (not tried|file): (.+?) -->\n)?^```(\w*)\n(.*?)^```", re.M | re.S)
INLINE = re.compile(rf"`((?:{'|'.join(STARTS)}) [^`]+)`")
IN_STRINGS = re.compile(r"(`?)((?:spot-grasp|python -m|pip install) [\w./{}*<>' =\[\]|-]+)")
FENCED = re.compile(r"^```.*?^```", re.M | re.S)


@dataclass(frozen=True)
class Typed:
    """A line to type. where: file and line. untried: why nobody can try it here, "" if its block does not say so."""

    where: str
    text: str
    untried: str = ""

    @property
    def words(self) -> list[str]:
        return self.text.split()


@dataclass(frozen=True)
class Block:
    """A fenced block. untried: why nobody can try it, file: the name it is to be saved under; "" if it has none."""

    where: str
    language: str
    text: str
    untried: str = ""
    file: str = ""


def blocks(*languages: str) -> Iterator[Block]:
    """The fenced blocks of all pages in these languages; `<!-- not tried: REASON -->` or `<!-- file: NAME -->` stands
    in the line above."""
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            kind, value, language, content = found.groups()
            if language in languages:
                where = f"{page.name}:{text[: found.start(4)].count(chr(10)) + 1}"
                marks = {{"not tried": "untried", "file": "file"}[kind]: value} if kind else {}
                yield Block(where, language, content, **marks)


def in_blocks() -> Iterator[Typed]:
    """The commands of all `sh` blocks, continued lines joined, comments and shell syntax left out."""
    for block in blocks("sh"):
        page, number = block.where.split(":")
        for offset, line in enumerate(block.text.replace("\\\n", " ").splitlines()):
            command = re.split(r"\s+#|&&", line)[0].strip()
            if command.split(" ")[0] in STARTS:
                yield Typed(f"{page}:{int(number) + offset}", command, block.untried)


def in_text() -> Iterator[Typed]:
    """Commands between backticks."""
    for page in PAGES:
        text = FENCED.sub(lambda block: "\n" * block.group().count("\n"), page.read_text())
        for found in INLINE.finditer(text):
            yield Typed(f"{page.name}:{text[: found.start()].count(chr(10)) + 1}", " ".join(found.group(1).split()))


def in_code() -> Iterator[Typed]:
    """`spot-grasp COMMAND ...` and `python -m ...` in the strings of the product: help, messages, docstrings."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                text = _text(node)
                for found in IN_STRINGS.finditer(text):
                    line = Typed(f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", found.group(2).strip())
                    if found.group(1) or line.words[0] != "spot-grasp" or command_of(line.words):
                        yield line  # without a backtick "spot-grasp cannot" is prose


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)  # type: ignore[misc]
    return ""


def command_of(words: list[str]) -> argparse.ArgumentParser | None:
    """The parser of `spot-grasp COMMAND [SUBCOMMAND]`; None if there is no such command."""
    parser = build_parser()
    for word in words[1:]:
        choices = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not choices:
            break
        if word.startswith("-"):
            break
        parser = choices[0].get(word.split("|")[0])
        if parser is None:
            return None
    return parser
