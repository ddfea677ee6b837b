"""Robots and detectors of other packages: used like the built-in ones; what is wrong with one is told by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from perception.quality.heatmap import DEFAULT_WEIGHTS

LOOK = '<Capture camera="{}" frame="{{frame}}"/><DetectObject frame="{{frame}}" labels="{}" detection="{{it}}"/>'


def spot_grasp(*words: object) -> int:
    return main([str(word) for word in words], Interrupts())


def tree(folder: Path, camera: str, label: str) -> Path:
    file = folder / "look.xml"
    body = f'<BehaviorTree ID="T"><Sequence>{LOOK.format(camera, label)}</Sequence></BehaviorTree>'
    file.write_text(f'<root BTCPP_format="4">{body}</root>')
    return file


def test_a_run_with_robot_and_detector_of_another_package_is_recorded_like_ours(
    package: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="rover=Rover", detectors="colour=Colour")
    place = tmp_path / "run"
    words = ("--robot", "rover", "--detector", "colour", "--view", "plain", "--json", "--record", place)
    assert spot_grasp("run", tree(tmp_path, "tail", "bottle"), *words) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["robot"], result["object_lift_m"]) == ("rover", 0.125)
    config = json.loads((place / "config.json").read_text())
    assert config["plugins"] == {
        "robot": "the plug-in parts_of_tests:Rover of parts 1.0",
        "detector": "the plug-in parts_of_tests:Colour of parts 1.0",
    }
    shipped = {file.stem for file in DEFAULT_WEIGHTS.parent.glob("*.onnx")}
    assert set(config["networks_sha256"]) == shipped - {"detector"}
    assert spot_grasp("replay", place, "--plain") == 0
    assert "DetectObject" in capsys.readouterr().out


def test_labels_and_cameras_are_known_before_the_start(
    package: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="rover=Rover", detectors="colour=Colour")
    chosen = ("--robot", "rover", "--detector", "colour")
    assert spot_grasp("check", tree(tmp_path, "tail", "ball"), *chosen) == 0
    capsys.readouterr()
    for command in ("check", "run"):
        assert spot_grasp(command, tree(tmp_path, "head", "can"), *chosen) == 2
        told = "".join(capsys.readouterr())
        assert "the robot 'rover' does not know 'head'" in told
        if command == "check":
            assert "the detector colour does not know 'can'" in told


ROBOTS = {
    "Missing": "parts_of_tests:Missing of parts 1.0 cannot be imported: AttributeError",
    "Nothing": "is no robot: it lacks limits, model, cameras, simulated_time, now",
    "Blind": "has cameras that are no tuple of names with 'hand' among them: ('eye',)",
    "Boundless": "has limits that are no RobotLimits of positive numbers",
    "Limitless": "has limits that are no RobotLimits of positive numbers: None",
    "Shapeless": "has a model that is no RobotModel: NoneType",
    "Absent": "cannot be made: SystemExit: no such robot on the bus",
}


@pytest.mark.parametrize("command", ["run", "check", "contract"])
@pytest.mark.parametrize("kind", ROBOTS)
def test_a_broken_robot_is_told_by_name_in_one_line(
    package: Callable[..., None], kind: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots=f"mine={kind}")
    words = ("mine",) if command == "contract" else ("search", "--robot", "mine")
    assert spot_grasp(command, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"spot-grasp: robot 'mine': the plug-in parts_of_tests:{kind} of parts 1.0 ")
    assert ROBOTS[kind] in line


DETECTORS = {
    "Missing": "cannot be imported: AttributeError",
    "Nothing": "is no detector: it lacks labels, detect",
    "Labelless": "has labels that are no tuple of names: 'bottle'",
}


@pytest.mark.parametrize("kind", DETECTORS)
def test_a_broken_detector_is_told_by_name_in_one_line(
    package: Callable[..., None], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    package(detectors=f"mine={kind}")
    for command in ("run", "check"):
        assert spot_grasp(command, "search", "--robot", "fake", "--detector", "mine") == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"spot-grasp: detector 'mine': the plug-in parts_of_tests:{kind} of parts 1.0 ")
        assert DETECTORS[kind] in line


def test_a_detector_that_nobody_offers_is_refused_with_the_choices(
    package: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    package(detectors="colour=Nothing")
    for command in ("run", "check"):
        with pytest.raises(SystemExit) as ended:
            spot_grasp(command, "search", "--robot", "fake", "--detector", "color")
        assert ended.value.code == 2
        assert "no file and no detector of a package: 'color' (choose from colour)" in capsys.readouterr().err


def test_two_packages_with_one_name_and_a_name_that_nobody_offers(
    package: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    package("one", robots="rover=Rover")
    package("two", robots="rover=Rover")
    assert spot_grasp("check", "search", "--robot", "rover") == 2
    assert "the robot 'rover' is given by" in (told := capsys.readouterr().err)
    assert "of one 1.0" in told
    assert "of two 1.0" in told
    assert told.endswith("; uninstall one\n")
    with pytest.raises(SystemExit) as ended:
        spot_grasp("run", "search", "--robot", "rovr")
    assert ended.value.code == 2
    assert "invalid choice: 'rovr' (choose from genesis, fake, spot, rover)" in capsys.readouterr().err


def test_options_of_the_simulation_are_refused(
    package: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="rover=Rover")
    assert spot_grasp("run", "search", "--robot", "rover", "--scene", "bottle") == 2
    assert "--scene: not for --robot rover" in capsys.readouterr().err
    assert spot_grasp("run", "search", "--robot", "rover", "--hostname", "h") == 2
    assert "--hostname: not for --robot rover" in capsys.readouterr().err


def test_a_robot_declares_its_options_and_gets_the_seed(
    package: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="mine=Configured", detectors="colour=Colour")
    look = tree(tmp_path, "hand", "bottle")

    def truth(*words: str) -> tuple[float, float]:
        chosen = ("--robot", "mine", "--detector", "colour", "--view", "none", "--json")
        assert spot_grasp("run", look, *chosen, *words) == 0
        result = json.loads(capsys.readouterr().out.splitlines()[-1])
        config = json.loads((Path(result["run"]) / "config.json").read_text())
        assert config["options"]["port"] + config["options"]["speed"] == result["object_lift_m"]
        return result["object_lift_m"], result["held_s"]

    assert truth("--record", str(tmp_path / "a")) == (8.0, 0.0)
    assert truth("--record", str(tmp_path / "b"), "--port=20", "--speed", "2.5", "--seed", "4") == (22.5, 4.0)
    assert spot_grasp("check", look, "--robot", "mine") == 0
    assert spot_grasp("contract", "mine", "--speed", "3") == 0
    capsys.readouterr()
    with pytest.raises(SystemExit):
        spot_grasp("run", look, "--robot", "mine", "--help")
    assert "options of --robot mine:\n  --port PORT\n  --speed SPEED\n" in capsys.readouterr().out


def test_an_option_of_another_package_is_refused_with_the_name_of_its_robot(
    package: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="mine=Configured\nbad=Clumsy")
    for words in (("run", "search", "--robot", "fake"), ("contract", "fake")):
        with pytest.raises(SystemExit) as ended:
            spot_grasp(*words, "--speed", "2")
        assert ended.value.code == 2
        assert capsys.readouterr().err.endswith("; --speed is an option of --robot mine\n")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Greedy", "robot 'mine' declares --seed, which the command has for all robots"),
        ("Clumsy", "the plug-in parts_of_tests:Clumsy of parts 1.0 has options that cannot be used: ValueError"),
    ],
)
def test_options_that_cannot_be_added_are_told_in_one_line(
    package: Callable[..., None], kind: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots=f"mine={kind}")
    assert spot_grasp("run", "search", "--robot", "mine") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


BUILT_IN = {
    "--device=cpu": ("fake", "--device: not for --robot fake; leave it out or take --robot genesis"),
    "--real-time": ("genesis", "--real-time: not for --robot genesis; leave it out or take --robot fake"),
    "--undock": ("genesis", "--undock: not for --robot genesis; leave it out or take --robot spot"),
    "--video": ("spot", "--video: not for a real Spot; leave it out or take --hostname sim"),
}


@pytest.mark.parametrize("option", BUILT_IN)
def test_an_option_of_another_robot_is_refused_with_its_name(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    robot, words = BUILT_IN[option]
    host = ("--hostname", "192.0.2.1") if robot == "spot" else ()
    assert spot_grasp("run", "search", "--robot", robot, *host, option) == 2
    assert capsys.readouterr().err == f"spot-grasp: {words}\n"


@pytest.mark.slow
def test_a_run_that_a_program_asks_for_has_the_defaults_of_all_options(tmp_path: Path) -> None:
    from app.session.compose import compose
    from app.session.options import RunOptions

    compose(RunOptions("search", robot="fake"))
    with pytest.raises(ConfigError, match="--robot spot needs --hostname"):
        compose(RunOptions("search", robot="spot"))
    pytest.importorskip("genesis")
    compose(RunOptions("search", robot="genesis", robot_options={"scene": "can"}), tmp_path)
    pytest.importorskip("bosdyn.client")
    compose(RunOptions("search", robot="spot", robot_options={"hostname": "sim"}), tmp_path)


def test_the_contract_says_which_rule_is_broken(
    package: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    package(robots="rude=Rude\nrover=Rover")
    assert spot_grasp("contract", "rover") == 0
    assert capsys.readouterr().out.endswith("rover: 0 of " + f"{len(rules())} rules broken\n")
    assert spot_grasp("contract", "rude", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["robot"]) == (False, "rude")
    assert [row["rule"] for row in told["rules"]] == rules()
    broken = {row["rule"]: row["reason"] for row in told["rules"] if row["state"] == "broken"}
    assert broken["frames_are_whole"] == "ValueError: no picture"
    assert "it_walks_to_a_pose" not in broken


def test_an_interruption_ends_the_contract(package: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    package(robots="mine=Interrupted")
    assert spot_grasp("contract", "mine") == 130
    assert capsys.readouterr().out == "kept   the clock moves with sleep\n"


def rules() -> list[str]:
    from behaviours.contract import CONTRACT

    return [rule.__name__ for rule in CONTRACT]


def test_a_spot_is_not_asked_for_by_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert spot_grasp("contract", "spot") == 2
    assert "check --hostname" in capsys.readouterr().err
