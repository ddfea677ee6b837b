"""The documentation site: its reference says all that the code has, it builds without a warning, it fetches nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

import trees
from app.commands.dispatch import build_parser
from behaviours.registry import LEAVES
from docs import judge, reference, ways
from tests.support.places import ROOT

pytestmark = pytest.mark.slow

GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs/tutorials").glob("*.md"),
]
"""What people read first; reports quote many numbers, and the rest is generated."""
FETCHED = re.compile(
    r"""(?:<(?:script|img|iframe|link(?! rel="?canonical))\b[^>]*?(?:src|href)=["']?|url\(["']?)https?:"""
)


def test_the_reference_has_every_command_and_option() -> None:
    page = reference.commands()
    for name, _, command in reference.each_command(build_parser(), ()):
        assert f"## spot-grasp {name}\n" in page
        for option in command._option_string_actions:
            assert option in page, f"{name} {option}"


@pytest.mark.parametrize("script", [ways, judge])
def test_a_drawing_is_the_one_that_its_script_draws(script: ModuleType) -> None:
    assert script.__file__ is not None
    kept, drawn = Path(script.__file__).with_suffix(".svg").read_text(), script.svg()
    number = re.compile(r"-?\d+(?:\.\d+)?")
    assert number.sub("", kept) == number.sub("", drawn), f"run python {script.__name__.replace('.', '/')}.py"
    places = ([float(found) for found in number.findall(text)] for text in (kept, drawn))
    assert max(abs(a - b) for a, b in zip(*places, strict=True)) <= 1.0


def test_the_reference_has_every_leaf_and_port() -> None:
    page = reference.leaves()
    for tag, leaf in LEAVES.items():
        part = page.partition(f"## {tag}\n")[2].partition("\n## ")[0]
        assert part, tag
        assert all(f"| `{port.name}` | {port.direction.value} |" in part for port in leaf.PORTS), tag
    assert all(f"`{tag}`" in page for tag in trees.CONTROL_NODES)


@pytest.mark.parametrize("path", reference.PAGES)
def test_generated_pages_have_a_title_and_whole_tables(path: str) -> None:
    page = reference.PAGES[path]()
    assert page.startswith("# ")
    rows = re.sub(r"`[^`\n]*`|\\\|", "", page).splitlines()
    for before, row in pairwise(rows):
        if before.startswith("|") and row.startswith("|"):
            assert before.count("|") == row.count("|"), row


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="the extra docs is not installed")
def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    pages = [*(tmp_path / "site").rglob("*.html"), *(tmp_path / "site").rglob("*.css")]
    assert len(pages) > 30
    assert [page.name for page in pages if FETCHED.search(page.read_text())] == []


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_sentences_are_short(page: Path) -> None:
    text = re.sub(r"```.*?```|<!--.*?-->|\]\([^)]*\)", " ", page.read_text(), flags=re.DOTALL)
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:[-*#]|\d+\.))|\|", text)
    sentences = [sentence for part in parts for sentence in re.split(r"(?<=[.!?:;])\s+", " ".join(part.split()))]
    assert [sentence for sentence in sentences if len(sentence.split()) > 30] == []
