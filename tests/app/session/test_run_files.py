"""Which files a run is made of: more folders, several files as one, and the record of what was read, not of what is
there now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trees
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.session import compose

TREE = '<root BTCPP_format="4">{}<BehaviorTree ID="T">{}</BehaviorTree></root>'
LIBRARY = Path(trees.__path__[0]) / "library"


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def command(*words: str | Path) -> int:
    return main([str(word) for word in words], Interrupts())


def fake_run(place: Path, *words: str | Path) -> int:
    return command("run", *words, "--robot", "fake", "--view", "none", "--record", place)


@pytest.fixture
def split(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A task, the folder of parts that it includes, which lies elsewhere, and a file that it needs beside it."""
    parts = tmp_path / "shared" / "parts.xml"
    put(parts, '<root BTCPP_format="4"><BehaviorTree ID="Done"><AlwaysSuccess/></BehaviorTree></root>')
    other = put(
        tmp_path / "b" / "other.xml",
        '<root BTCPP_format="4"><BehaviorTree ID="O"><AlwaysSuccess/></BehaviorTree></root>',
    )
    body = '<Sequence><SubTree ID="Done"/><SubTree ID="Own"/><SubTree ID="O"/></Sequence>'
    include = '<include path="../shared/parts.xml"/><include path="own/own.xml"/>'
    task = put(tmp_path / "a" / "task.xml", TREE.format(include, body))
    put(
        tmp_path / "a" / "own" / "own.xml",
        '<root BTCPP_format="4"><BehaviorTree ID="Own"><AlwaysSuccess/></BehaviorTree></root>',
    )
    return task, tmp_path / "shared", other


def test_what_check_takes_runs_and_is_shown(
    split: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, folder, other = split
    options = ("--together", "--folder", folder, "--tree", "T")
    assert command("check", task, other, *options) == 0
    assert "no problem found" in capsys.readouterr().out
    assert command("show", task, other, *options) == 0
    assert "Own" in capsys.readouterr().out
    place = tmp_path / "run"
    assert fake_run(place, task, other, *options) == 0
    recorded = {str(file.relative_to(place)): file.read_bytes() for file in place.rglob("*.xml")}
    assert recorded == {
        "tree.xml": task.read_bytes(),
        "own/own.xml": (task.parent / "own" / "own.xml").read_bytes(),
        "elsewhere/1_parts.xml": (folder / "parts.xml").read_bytes(),
        "elsewhere/3_other.xml": other.read_bytes(),
    }
    assert json.loads((place / "config.json").read_text())["options"]["folders"] == [str(folder)]


def test_a_folder_is_added_to_the_files_own(split: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    task, _, other = split
    assert command("check", task, other, "--together", "--tree", "T") == 2
    out = capsys.readouterr().out
    assert "own.xml' is outside" not in out
    assert f"outside the folders that may be read: {task.parent}, {other.parent}; --folder DIR adds one" in out


def test_several_files_without_together_are_refused(
    split: tuple[Path, Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    task, _, other = split
    for words in (("run", task, other, "--robot", "fake"), ("show", task, other)):
        assert command(*words) == 2
        assert "takes one tree, not 2; --together reads the files as one" in capfd.readouterr().err


def test_an_include_that_is_not_there_says_where_the_librarys_parts_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = tmp_path / "grasp_bottle.xml"
    shutil.copy(LIBRARY / "grasp_bottle.xml", task)
    assert command("check", task) == 2
    out = capsys.readouterr().out
    assert f"there is no such file; the library's is {LIBRARY / 'parts' / 'common.xml'}: copy its folder" in out
    shutil.copytree(LIBRARY / "parts", tmp_path / "parts")  # as it says
    assert command("check", task) == 0


Change = Callable[[Path], object]
CHANGES: dict[str, Change] = {
    "another text": lambda file: file.write_text("<root/>"),
    "removed": lambda file: file.unlink(),
    "no file any more": lambda file: (file.unlink(), file.mkdir()),
    "a link elsewhere": lambda file: (file.unlink(), file.symlink_to("/dev/zero")),
    "shorter": lambda file: file.write_bytes(file.read_bytes()[:20]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_runs_is_what_is_recorded_whatever_happens_to_the_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = '<Sequence><Report text="before"/><SubTree ID="Part"/></Sequence>'
    task = put(tmp_path / "task.xml", TREE.format('<include path="sub/part.xml"/>', body))
    inner = '<BehaviorTree ID="Part"><Report text="\u00e4 part"/></BehaviorTree>'
    part = put(tmp_path / "sub" / "part.xml", f'\ufeff<root BTCPP_format="4">\r\n{inner}</root>')
    rules = put(tmp_path / "rules.json", '{"SubstitutionRules": {"Part/*": "AlwaysSuccess"}}')
    files = {"tree.xml": task, "sub/part.xml": part, "substitutions.json": rules}
    before = {copy: file.read_bytes() for copy, file in files.items()}
    composed = compose.compose

    def starting(*given: Any) -> Any:
        for file in files.values():
            CHANGES[name](file)
        return composed(*given)

    monkeypatch.setattr(compose, "compose", starting)
    place = tmp_path / "run"
    assert fake_run(place, task, "--substitute", rules) == 0
    assert {copy: (place / copy).read_bytes() for copy in files} == before
    assert json.loads((place / "result.json").read_text())["reports"] == ["before"]
    monkeypatch.undo()
    assert command("check", place / "tree.xml") == 0
