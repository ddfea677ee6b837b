"""Labels and cameras that nobody knows are told before a robot is started, wherever a file fixes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trees
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.mission.parameters import specification, values_of
from app.mission.parametrised import read
from behaviours.registry import LEAVES
from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from perception.detection.detector import DEFAULT_WEIGHTS
from tests.behaviours.bad_values import KNOWN
from trees.errors import TreeError
from trees.library import library_names
from trees.reading.includes import LIBRARY

pytestmark = pytest.mark.slow

LOOK = '<Capture frame="{frame}"/><DetectObject frame="{frame}" labels="%s" detection="{detection}"/>'
SEPARATOR = "Choices (several are separated by ;): bottle, can, mug"


def write(folder: Path, body: str, more: str = "") -> Path:
    file = folder / "tree.xml"
    file.write_text(
        f'<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Sequence>{body}'
        f"</Sequence></BehaviorTree>{more}</root>"
    )
    return file


def run(*arguments: str) -> int:
    return main([*map(str, arguments)], Interrupts())


LABELS = {
    "spade": f"does not know 'spade'. {SEPARATOR}",
    "botle;can": f"does not know 'botle'. Did you mean 'bottle'? {SEPARATOR}",
    "BOTTLE": f"does not know 'BOTTLE'. Did you mean 'bottle'? {SEPARATOR}",
    "can,mug": f"does not know 'can,mug'. Write 'can;mug'. {SEPARATOR}",
    "can mug": f"does not know 'can mug'. Write 'can;mug'. {SEPARATOR}",
    "": "it is empty",
}


@pytest.mark.parametrize("option", ["--robot fake", "--robot genesis", "--robot spot", f"--detector {DEFAULT_WEIGHTS}"])
@pytest.mark.parametrize("labels", LABELS)
def test_check_tells_the_choices_and_the_separator(
    labels: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, LOOK % labels)
    assert run("check", str(file), *option.split()) == 2
    out = capsys.readouterr().out
    assert f"<DetectObject> port 'labels' is '{labels}': " in out
    assert LABELS[labels] in out
    assert run("check", str(write(tmp_path, LOOK % "can;mug")), *option.split()) == 0


@pytest.mark.parametrize(("robot", "choices"), [("fake", "hand"), ("spot", "hand, frontleft, frontright, left,")])
def test_check_knows_each_robots_cameras(
    robot: str, choices: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, '<Capture camera="front" frame="{frame}"/>')
    assert run("check", str(file)) == 0
    assert run("check", str(file), "--robot", robot) == 2
    assert f"the robot '{robot}' does not know 'front'." in (out := capsys.readouterr().out)
    assert f"Choices: {choices}" in out


def test_check_knows_which_robots_pick_by_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pick = '<PickInImage detection="{detection}" approach="top" max_torque_nm="3"/>'
    file = write(tmp_path, LOOK % "can" + pick)
    for robot in ("fake", "spot"):
        assert run("check", str(file), "--robot", robot) == 0
    assert run("check", str(file), "--robot", "genesis") == 2
    assert "port 'approach' is 'top': the robot 'genesis' has no pick of its own" in capsys.readouterr().out


@pytest.mark.parametrize("name", library_names())
@pytest.mark.parametrize("robot", ["fake", "genesis", "spot"])
def test_the_library_says_only_what_is_known(name: str, robot: str) -> None:
    assert run("check", str(LIBRARY / f"{name}.xml"), "--robot", robot) == 0


@given(
    steps=st.lists(st.sampled_from(["key", "other key", "autoremap", "default"]), max_size=5),
    label=st.text("abcmnu,", min_size=1),
)
def test_a_label_is_followed_through_subtrees_to_where_it_is_written(
    steps: list[str], label: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through trees one in the other, each handing on what it is handed; the label is a constant of the first SubTree,
    or the default of a model on the way."""
    body, more, key = LOOK % "{labels}", "", "labels"
    line = 0
    for number, step in enumerate([*steps, "constant"]):
        more += f'\n<BehaviorTree ID="U{number}"><Sequence>{body}</Sequence></BehaviorTree>'
        if step == "constant":
            body = f'<SubTree ID="U{number}" {key}="{label}"/>'
        elif step == "default":
            model = f'<SubTree ID="U{number}"><input_port name="{key}" default="{label}"/></SubTree>'
            more += f"\n<TreeNodesModel>{model}</TreeNodesModel>"
            line = 1 + more.count("\n")
            body = f'<SubTree ID="U{number}"/>'
            break
        elif step == "autoremap":
            body = f'<SubTree ID="U{number}" _autoremap="true"/>'
        else:
            outer = key if step == "key" else f"key{number}"
            body = f'<SubTree ID="U{number}" {key}="{{{outer}}}"/>'
            key = outer
    file = write(tmp_path_factory.mktemp("tree"), body, more)
    found = [problem for problem in trees.problems(file, LEAVES, known=KNOWN) if not problem.warning]
    if label in ("can",):
        assert found == []
        return
    (problem,) = found
    assert problem.line == max(line, 1)
    assert f"gives '{label}' to <DetectObject> port 'labels'" in problem.message


def test_a_run_ends_before_the_robot_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter(_self: Any) -> Any:
        raise AssertionError("the robot was started")

    monkeypatch.setattr(FakeRobot, "__enter__", enter)
    look = f'<BehaviorTree ID="U"><Sequence>{LOOK % "{labels}"}</Sequence></BehaviorTree>'
    bodies = (LOOK % "cup", '<SubTree ID="U" labels="cup"/>', '<Capture camera="cup" frame="{f}"/>')
    for body in bodies:
        record = tmp_path / "run"
        arguments = ["--robot", "fake", "--view", "none", "--record", str(record)]
        assert run("run", str(write(tmp_path, body, look)), *arguments) == 2
        assert "does not know 'cup'" in capsys.readouterr().err
        assert not record.exists()


def test_a_tree_that_is_not_run_may_say_what_it_likes(tmp_path: Path) -> None:
    file = write(
        tmp_path, "<AlwaysSuccess/>", f'<BehaviorTree ID="U"><Sequence>{LOOK % "cup"}</Sequence></BehaviorTree>'
    )
    assert run("run", str(file), "--robot", "fake", "--view", "none", "--record", str(tmp_path / "run")) == 0
    assert run("check", str(file), "--robot", "fake") == 2


def test_a_number_from_a_script_is_a_warning_and_refused_when_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way: exit code 2, one line with path, port, value and bounds; nothing has been commanded."""
    move = '<Script code="v := 5 / 2 - 4"/><MoveArm name="Up" pose="ready" max_joint_speed_radps="{v}"/>'
    file = write(tmp_path, move)
    assert run("check", str(file)) == 0
    assert "warning: <Script> 'code' gives '-1.5' to <MoveArm> port" in capsys.readouterr().out
    record = tmp_path / "run"
    assert run("run", str(file), "--robot", "fake", "--view", "none", "--record", str(record)) == 2
    told = "T/Sequence/Up: port 'max_joint_speed_radps' gets '-1.5' from {v}: "
    told += "expected at least 0.001 and at most 2.5 rad/s"
    assert told in capsys.readouterr().err
    result = json.loads((record / "result.json").read_text())
    assert (result["status"], result["exit_code"], result["reason"]) == ("error", 2, told)


def test_a_label_from_a_script_is_a_warning_and_refused_when_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "<Script code=\"l := 'cup'\"/>" + LOOK % "{l}")
    assert run("check", str(file), "--robot", "fake") == 0
    assert "warning: <Script> 'code' gives 'cup' to <DetectObject> port 'labels'" in capsys.readouterr().out
    assert run("run", str(file), "--robot", "fake", "--view", "none", "--record", str(tmp_path / "run")) == 2
    told = capsys.readouterr().err
    assert "warning: <Script> 'code' gives 'cup' to <DetectObject> port 'labels'" in told
    assert "T/Sequence/DetectObject: port 'labels' gets 'cup' from {l}: the detector does" in told


BOUND = """<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Sequence>
<MoveArm pose="{pose}" max_joint_speed_radps="{speed}"/><LowerObject place="{p}" object="{o}" grasp="{g}"
 below_m="{below}" max_speed_mps="0.1"/><SubTree ID="U" labels="{what}" place="{p}" object="{o}" grasp="{g}"/>
</Sequence></BehaviorTree><BehaviorTree ID="U"><Sequence><Capture frame="{frame}"/>
<DetectObject frame="{frame}" labels="{labels}" detection="{d}"/>
<LocateObject detection="{d}" object="{object}"/>
<RememberPlace object="{object}" place="{place}"/><InferHeatmap detection="{d}" heatmap="{h}"/>
<ComputeGraspPose detection="{d}" heatmap="{h}" grasp="{grasp}"/></Sequence></BehaviorTree>
<TreeNodesModel><SubTree ID="T"><input_port name="speed" type="float" default="1.5"/><input_port name="pose"/>
<input_port name="below" type="double"/><input_port name="what"/></SubTree></TreeNodesModel></root>"""


def test_the_parameters_of_a_mission_have_the_bounds_and_names_of_the_ports_that_read_them(tmp_path: Path) -> None:
    custom = pytest.importorskip("bosdyn.api.service_customization_pb2")
    file = tmp_path / "tree.xml"
    file.write_text(BOUND)
    parameters = read(file, known=KNOWN).parameters
    speed = specification(parameters).specs["speed"].spec.double_spec
    assert (speed.min_value.value, speed.max_value.value) == (0.001, 2.5)
    good = {"pose": "ready", "below": 0.1, "what": "can"}

    def called(**given: str | float) -> dict[str, str]:
        params = custom.DictParam()
        for name, value in (good | given).items():
            kind = "string_value" if isinstance(value, str) else "double_value"
            getattr(params.values[name], kind).value = value
        return values_of(parameters, params, [], KNOWN)

    assert called() == {"speed": "1.5", "pose": "ready", "below": "0.1", "what": "can"}
    for name, value, words in (
        ("speed", -1.0, "at least 0.001"), ("speed", 300.0, "at most 2.5"), ("speed", float("nan"), "finite"),
        ("below", 2.0, "at most 0.5"), ("pose", "up", "stow"), ("what", "can,mug", "Write 'can;mug'"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=f"parameter '{name}' is '{value}': .*{words}"):
            called(**{name: value})
    file.write_text(BOUND.replace('default="1.5"', 'default="0"'))
    with pytest.raises(
        ConfigError, match=r"tree.xml:\d+: the default of parameter 'speed' is '0': expected at least 0.001"
    ):
        read(file)
    file.write_text(BOUND.replace('labels="{what}"', 'labels="cup"'))
    with pytest.raises(TreeError, match="does not know 'cup'"):
        read(file, known=KNOWN)
