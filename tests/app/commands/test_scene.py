"""`spot-grasp scene`, and `check` on scenes and cases."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from simulation.scene.spec import scene_names


def run(*words: str) -> int:
    return main(words, Interrupts())


def test_it_says_what_a_seed_puts_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("scene", "fetch", "--seed", "3", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"robot", "support", "place", "target"} <= rows.keys()
    assert rows["target"]["family"] in ("bottle", "thermos")
    assert rows["target"]["at_m"][2] == pytest.approx(rows["support"]["at_m"][2], abs=0.01)
    assert run("scene", "person") == 0
    assert "person     hand_m" in capsys.readouterr().out


def test_it_says_how_the_ground_lies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[ground]\nramp_rad = 0.1\nsteps = 2\nstep_m = 0.06\nslippery = 1\n")
    assert run("scene", str(file), "--json") == 0
    ground = json.loads(capsys.readouterr().out)["ground"]
    assert ground["ramp_rad"] == 0.1
    assert ground["steps_m"][:3] == [0.06, 0.12, 0.12]
    assert len(ground["slippery_at_m"]) == 1
    assert "rubble_m" not in ground
    assert run("scene", "bottle", "--json") == 0
    assert "ground" not in json.loads(capsys.readouterr().out)


def test_it_lists_the_names_and_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("scene") == 0
    assert capsys.readouterr().out.split() == scene_names()
    assert run("scene", "--schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "spot-grasp scene"


def test_a_picture_of_another_kind_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("scene", "fetch", "--picture", "scene.gif") == 2
    assert "name it .png or .jpg" in capsys.readouterr().err


@pytest.mark.simulation
@pytest.mark.slow
def test_a_picture_shows_the_scene(tmp_path: Path) -> None:
    file = tmp_path / "scene.png"
    assert run("scene", "fetch", "--picture", str(file)) == 0
    picture = cv2.imread(str(file))
    assert picture.shape == (960, 1280, 3)
    assert picture.std() > 10


def test_check_reads_scenes_and_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene, cases = tmp_path / "scene.toml", tmp_path / "grasp.test.toml"
    scene.write_text("[target]\nedge_m = 3\n")
    cases.write_text('tree = "grasp_bottle"\n[[case]]\nname = "one"\nfail_each = ["LookAtt"]\n')
    assert run("check", str(scene), str(cases)) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{scene}:2:1: [target] edge_m: 3 is not within 0 to 0.5"
    assert lines[1].startswith(f"{cases}:1:1: case 'one': 'LookAtt' matches no node. Did you mean 'LookAt'?")
    cases.write_text('tree = "grasp_bottle"\n[[case]]\nname = "one"\n')
    assert run("check", str(cases)) == 0


def test_annotations_for_github_name_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "a,b.xml"
    tree.write_text('<root BTCPP_format="4">\n<BehaviorTree ID="A">\n  <Capture camra="x"/></BehaviorTree></root>')
    assert run("check", "--format", "github", str(tree)) == 2
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith(f"::error file={str(tree).replace(',', '%2C')},line=3,col=") for line in lines)
    assert any(",col=12::" in line and "camra" in line for line in lines)
