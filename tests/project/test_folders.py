"""The shape of the source: short files, small folders, tests in the folders of what they test."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from tests.support.places import ROOT

MOST_LINES, MOST_FILES = 300, 16
REASON = "longer than others because"


def sources() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).exists()]


def test_a_file_is_short_or_says_at_its_top_why_not() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    long = {str(path.relative_to(ROOT)): text for path, text in texts.items() if text.count("\n") > MOST_LINES}
    assert [name for name, text in long.items() if REASON not in text[:1000]] == []


def test_a_folder_has_few_files() -> None:
    folders = Counter(str(path.parent.relative_to(ROOT)) for path in sources() if path.name != "__init__.py")
    assert {folder: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_every_test_stands_in_a_folder() -> None:
    assert [path.name for path in (ROOT / "tests").glob("test_*.py")] == []
