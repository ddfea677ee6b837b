"""`spot-grasp check`: its files, its exit codes, formatting and the palette."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trees
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.tree_files.format import format_files
from app.commands.tree_files.problems import check
from behaviours.registry import LEAVES


def test_check_lists_all_files_and_says_so_with_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text('<root BTCPP_format="4"><BehaviorTree ID="T"><AlwaysSuccess/></BehaviorTree></root>')
    bad.write_text("<root>\n<BehaviorTree ID='T'><Captur/></BehaviorTree></root>")
    assert check([str(good), str(bad), str(tmp_path / "none.xml")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert f"{bad}:2:22: unknown node <Captur>. Did you mean 'Capture'?" in lines
    assert f"{good}: no problem found" in lines
    assert any("no such file" in line for line in lines)
    assert check([str(good)]) == check([str(good)], strict=True) == 0
    assert check([str(bad)], stub_unknown=True) == 0  # its warning is no error
    assert check([str(bad)], stub_unknown=True, strict=True) == 2


def test_format_in_place_and_the_looking_modes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tree.xml"
    file.write_bytes(b"\xef\xbb\xbf<root>\r\n<!-- kept --><A/></root>")
    file.chmod(0o640)
    link = tmp_path / "link.xml"
    link.symlink_to(file)
    before = file.read_bytes()
    assert format_files([str(file)], check_only=True, diff=False) == 1
    assert format_files([str(file)], check_only=False, diff=True) == 0
    assert "+  <!-- kept -->" in capsys.readouterr().out
    assert file.read_bytes() == before
    assert format_files([str(link)], check_only=False, diff=False) == 0
    once = file.read_bytes()
    assert once == b'<?xml version="1.0" encoding="UTF-8"?>\n<root>\n  <!-- kept -->\n  <A/>\n</root>\n'
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert format_files([str(file)], check_only=True, diff=False) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.xml", "tree.xml"]


def test_a_palette_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "--groot", str(tmp_path / "no" / "such" / "folder.xml")], Interrupts()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"cannot write .*folder\.xml", line)


def test_the_palette_is_a_file_that_is_read_and_checked_here(tmp_path: Path) -> None:
    palette = tmp_path / "palette.xml"
    assert main(["nodes", "--groot", str(palette)], Interrupts()) == 0
    tree = tmp_path / "tree.xml"
    tree.write_text('<root BTCPP_format="4"><BehaviorTree ID="T"><AlwaysSuccess/></BehaviorTree></root>')
    assert trees.problems([tree, palette], LEAVES) == []
