"""The command line as a person meets it: exit codes, one clear line per error, and signals at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from behaviours.recording.folder import RunFolder
from perception.base.errors import ContractError, RobotError, WriteError
from tests.support.places import ROOT

COMMAND = [sys.executable, "-m", "app"]
LEAF = '<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T">{}</BehaviorTree></root>'


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(arguments, Interrupts())
    except SystemExit as end:  # argparse
        code = int(end.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def assert_one_line(err: str) -> None:
    assert err.startswith("spot-grasp: ")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err


def tree_file(folder: Path, inside: str) -> str:
    file = folder / "t.xml"
    file.write_text(LEAF.format(inside))
    return str(file)


def test_the_fake_picks_up_the_bottle_and_says_so_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "run", "grasp_bottle", "--robot", "fake", "--view", "none", "--json", "--seed", "3")
    result = json.loads(out.splitlines()[-1])
    assert (code, result["status"], result["attempts"], result["seed"], result["reason"]) == (0, "success", 1, 3, "")
    assert {"object_lift_m", "held_s", "peak_gripper_torque_nm", "sim_s", "wall_s", "run"} <= set(result)
    run = Path(result["run"])
    assert json.loads((run / "result.json").read_text()) == result
    assert {file.name for file in run.iterdir()} == {
        "config.json", "tree.xml", "parts", "tree.btlog", "log.jsonl", "states.csv", "frames", "depth", "masks",
        "quality", "heatmaps", "result.json",
    }  # fmt: skip
    assert list((run / "heatmaps").iterdir())
    assert len(list((run / "frames").iterdir())) == len(list((run / "depth").iterdir())) > 1
    assert (run / "tree.xml").read_bytes() == (ROOT / "trees/library/grasp_bottle.xml").read_bytes()
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    times = [line["t"] for line in lines if line["t"] is not None]
    assert times == sorted(times)
    assert lines[-1]["event"] == "result"


def test_two_runs_with_a_seed_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    logs = []
    for _ in range(2):
        _, out, _ = call(capsys, "run", "grasp_bottle", "--robot", "fake", "--view", "none", "--json")
        folder = Path(json.loads(out.splitlines()[-1])["run"])
        lines = (folder / "log.jsonl").read_text().splitlines()
        logs.append([line for line in lines if '"event": "transition"' in line])
    assert logs[0]
    assert logs[0] == logs[1]


def test_a_failed_tree_is_exit_1_with_a_reason(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tree = tree_file(tmp_path, "<Sequence><AlwaysSuccess/><CloseGripper max_torque_nm='3'/></Sequence>")
    code, out, err = call(capsys, "run", tree, "--robot", "fake", "--view", "none", "--json")
    result = json.loads(out)
    assert (code, result["status"], result["exit_code"]) == (1, "failure", 1)
    assert result["reason"].startswith("failed at T/Sequence/CloseGripper, attempt 1: ")
    assert result["attempts"] == 1
    assert err == ""


def test_plain_view_goes_to_stderr_and_the_summary_to_stdout(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = call(capsys, "run", tree_file(tmp_path, "<AlwaysSuccess/>"), "--robot", "fake", "--record", "r")
    assert code == 0
    assert out.startswith("success: 0 attempts")
    assert "AlwaysSuccess" in err
    assert "-> SUCCESS" in err


BAD_TREES = {
    "broken XML": ("<root><a></root>", r"bad.xml:1:"),
    "unknown node": (LEAF.format("<OpenGriper opening='1'/>"), "OpenGripper"),
    "binary junk": ("\x00\x01\x02" * 40, "bad.xml"),
    "empty": ("", "bad.xml"),
}


@pytest.mark.parametrize("what", BAD_TREES)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_tree_is_exit_2_naming_the_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, what: str, command: str
) -> None:
    text, words = BAD_TREES[what]
    file = tmp_path / "bad.xml"
    file.write_text(text)
    code, out, err = call(capsys, command, str(file), *(["--robot", "fake"] if command == "run" else []))
    assert code == 2
    assert words in (err if command == "run" else out + err)
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


BAD_RUNS = {
    "missing file": (["nowhere.xml", "--robot", "fake"], "nowhere.xml: no such file"),
    "folder": ([".", "--robot", "fake"], "is a folder"),
    "device": (["/dev/zero", "--robot", "fake"], "/dev/zero:1:1: is a device; the tree file must be a regular file"),
    "misspelt name": (["grasp_botle", "--robot", "fake"], "Did you mean 'grasp_bottle'?"),
    "tree id": (["grasp_bottle", "--robot", "fake", "--tree", "Nope"], "Nope"),
    "video of the fake": (["grasp_bottle", "--robot", "fake", "--video"], "--video"),
    "missing network": (["grasp_bottle", "--detector", "none.onnx"], "none.onnx"),
    "corrupt network": (["grasp_bottle", "--detector", "junk.bin", "--heatmap", "junk.bin"], "junk.bin"),
    "unknown scene": (["grasp_bottle", "--scene", "moon"], "moon"),
    "unknown scene of the fake": (["grasp_bottle", "--robot", "fake", "--scene", "moon"], "moon"),
    "missing robot file": (["grasp_bottle", "--robot-file", "dog.urdf"], "dog.urdf"),
    "real time of Genesis": (["grasp_bottle", "--real-time"], "--real-time"),
    "broken scene": (["grasp_bottle", "--scene", "junk.bin"], "junk.bin"),
    "mesh that does not load": (["grasp_bottle", "--scene", "mesh.toml"], "junk.obj"),
    "record is a file": (["grasp_bottle", "--robot", "fake", "--record", "junk.bin"], "junk.bin is a file"),
    "record below a file": (["grasp_bottle", "--robot", "fake", "--record", "junk.bin/x"], "choose another"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", BAD_RUNS)
def test_bad_configuration_is_exit_2_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, what: str) -> None:
    (tmp_path / "junk.bin").write_bytes(b"\xff\x00 not a network" * 100)
    (tmp_path / "junk.obj").write_text("v 0 0\nnothing to see here\n")
    (tmp_path / "mesh.toml").write_text('[target]\nmesh = "junk.obj"\n')
    arguments, words = BAD_RUNS[what]
    code, out, err = call(capsys, "run", "--view", "none", *arguments)
    assert code == 2, err
    assert out == ""
    assert_one_line(err)
    assert words in err
    runs = tmp_path / "runs"
    assert not runs.exists() or not list(runs.iterdir()), "a run that never began leaves no folder"


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["run"],
        ["run", "t", "--robot", "dog"],
        ["run", "t", "--seed", "-1"],
        ["run", "t", "--time-limit", "nan"],
    ],
)
def test_bad_usage_is_exit_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "usage: spot-grasp" in err


@pytest.mark.parametrize("words", [("contract", "fake"), ("run", "grasp_bottle"), ("dataset", "verify", "folder")])
def test_an_unknown_option_shows_the_usage_of_its_command(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(capsys, *words, "--frob")
    command = " ".join(words[:-1])
    assert code == 2
    assert err.startswith(f"usage: spot-grasp {command} ")
    assert err.splitlines()[-1] == f"spot-grasp {command}: error: unrecognized arguments: --frob"


def test_check_and_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "check", "grasp_bottle")
    assert (code, out.count("\n")) == (0, 1)
    code, out, _ = call(capsys, "nodes")
    assert code == 0
    assert "CloseGripper" in out
    assert "max_torque_nm" in out
    code, out, _ = call(capsys, "nodes", "--groot", "-")
    assert code == 0
    assert "<TreeNodesModel>" in out


@pytest.mark.parametrize(
    ("error", "code"),
    [(RobotError("the lease was lost"), 3), (ContractError("no data"), 3), (ValueError("a bug"), 3)],
)
def test_an_error_in_the_middle_closes_the_folder_and_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    from behaviours.robots.fake.robot import FakeRobot

    stopped = []
    stop = FakeRobot.stop

    def fail(self: FakeRobot, *_: object, **__: object) -> None:
        raise error

    def note_stop(self: FakeRobot) -> None:
        stopped.append(self.now())
        stop(self)

    monkeypatch.setattr(FakeRobot, "walk_to", fail)
    monkeypatch.setattr(FakeRobot, "stop", note_stop)
    got, out, err = call(capsys, "run", "grasp_bottle", "--robot", "fake", "--view", "none", "--json")
    assert got == code
    assert_one_line(err)
    result = json.loads(out)
    assert (result["status"], result["exit_code"]) == ("error", code)
    assert str(error) in result["reason"]
    assert json.loads((Path(result["run"]) / "result.json").read_text()) == result
    assert stopped


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "run", "nowhere.xml", "--debug")
    assert code == 2
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("spot-grasp: nowhere.xml")


def test_a_disk_that_fills_up_is_exit_3(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from behaviours.recording import folder as records
    from behaviours.recording import writing

    whole = writing.write_atomic

    def full(path: Path, data: bytes, **more: bool) -> None:
        if path.suffix == ".png" or path.name == "result.json":
            raise WriteError(str(path), "No space left on device")
        whole(path, data, **more)

    monkeypatch.setattr(writing, "write_atomic", full)
    code, _, err = call(capsys, "run", "grasp_bottle", "--robot", "fake", "--view", "none")
    assert code == 3
    assert_one_line(err)
    assert "frames" in err, "the first failure is told, not the one while closing"
    assert issubclass(records.RecordError, Exception)
    assert RunFolder is records.RunFolder


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m app nodes | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "Traceback" not in done.stderr
