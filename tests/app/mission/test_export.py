"""Trees as mission nodes: the same results, every unmapped node named, nothing left out in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bosdyn.mission")

from bosdyn.api.mission import nodes_pb2, util_pb2
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.mission.compile import compile_tree
from behaviours.registry import LEAVES
from tests.support.spot_api import connect, spot

SUCCESS, FAILURE = util_pb2.RESULT_SUCCESS, util_pb2.RESULT_FAILURE


def document(folder: Path, body: str) -> trees.Document:
    file = folder / "tree.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="Main">{body}</BehaviorTree></root>')
    return trees.load(file, LEAVES)


def interpret(node: Any, board: dict[str, int]) -> int:
    """What a mission node returns, written from the description of the nodes, for nodes that need no time."""
    kind = node.WhichOneof("type")
    match kind:
        case "constant_result":
            return int(node.constant_result.result)
        case "sequence":
            return next((FAILURE for child in node.sequence.children if interpret(child, board) != SUCCESS), SUCCESS)
        case "selector":
            return next((SUCCESS for child in node.selector.children if interpret(child, board) == SUCCESS), FAILURE)
        case "retry":
            tries = range(node.retry.max_attempts)
            return next((SUCCESS for _ in tries if interpret(node.retry.child, board) == SUCCESS), FAILURE)
        case "repeat":
            tries = range(node.repeat.max_starts)
            return next((FAILURE for _ in tries if interpret(node.repeat.child, board) != SUCCESS), SUCCESS)
        case "parallel_and":
            results = [interpret(child, board) for child in node.parallel_and.children]
            return SUCCESS if all(result == SUCCESS for result in results) else FAILURE
        case "define_blackboard":
            inner = board | {v.key: v.value.constant.int_value for v in node.define_blackboard.blackboard_variables}
            return interpret(node.define_blackboard.child, inner)
        case "set_blackboard":
            for variable in node.set_blackboard.blackboard_variables:
                board[variable.key] = variable.value.constant.int_value
            return SUCCESS
        case "condition":
            assert node.condition.operation == nodes_pb2.Condition.COMPARE_EQ
            same = board[node.condition.lhs.var.name] == node.condition.rhs.const.int_value
            return SUCCESS if same else FAILURE
    raise AssertionError(kind)


def at_once(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What ends in the tick in which it begins."""
    several = st.lists(children, min_size=1, max_size=3).map("".join)
    return st.one_of(
        several.map(lambda inner: f"<Sequence>{inner}</Sequence>"),
        several.map(lambda inner: f"<ReactiveSequence>{inner}</ReactiveSequence>"),
        several.map(lambda inner: f"<Fallback>{inner}</Fallback>"),
        several.map(lambda inner: f"<ReactiveFallback>{inner}</ReactiveFallback>"),
        children.map(lambda inner: f"<Inverter>{inner}</Inverter>"),
        children.map(lambda inner: f"<ForceSuccess>{inner}</ForceSuccess>"),
        children.map(lambda inner: f"<ForceFailure>{inner}</ForceFailure>"),
    )


def over_time(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What may take several ticks: a reactive node above it would begin it anew at each."""
    several = st.lists(children, min_size=1, max_size=3).map("".join)
    return st.one_of(
        several.map(lambda inner: f"<Sequence>{inner}</Sequence>"),
        several.map(lambda inner: f"<Fallback>{inner}</Fallback>"),
        several.map(lambda inner: f'<ParallelAll max_failures="1">{inner}</ParallelAll>'),
        children.map(lambda inner: f"<Inverter>{inner}</Inverter>"),
        children.map(lambda inner: f"<ForceSuccess>{inner}</ForceSuccess>"),
        children.map(lambda inner: f'<RetryUntilSuccessful num_attempts="2">{inner}</RetryUntilSuccessful>'),
        children.map(lambda inner: f'<Repeat num_cycles="2">{inner}</Repeat>'),
    )


ENDS = st.sampled_from(["<AlwaysSuccess/>", "<AlwaysFailure/>"])
BODIES = st.recursive(st.recursive(ENDS, at_once, max_leaves=4), over_time, max_leaves=5)


@settings(max_examples=150)
@given(BODIES)
def test_control_flow_returns_the_same(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    read = document(tmp_path_factory.getbasetemp(), body)
    tree = trees.build(read, None, lambda: 0.0)
    status = next(status for _ in range(200) if (status := tree.tick()) != Status.RUNNING)
    compiled = compile_tree(read)
    assert compiled.unmapped == []
    assert interpret(compiled.root, {}) == (SUCCESS if status == Status.SUCCESS else FAILURE)


def test_times_and_commands_are_carried_over(tmp_path: Path) -> None:
    body = """<Sequence><Timeout msec="2500"><Delay delay_msec="300"><Sleep msec="1500"/></Delay></Timeout>
    <OpenGripper opening="0.5" max_torque_nm="3.0"/><MoveArm pose="carry" max_joint_speed_radps="0.7"/>
    <MoveArm pose="stow" max_joint_speed_radps="0.7"/></Sequence>"""
    compiled = compile_tree(document(tmp_path, body))
    assert compiled.unmapped == []
    timeout, gripper, arm, stow = compiled.root.sequence.children
    assert timeout.for_duration.duration.ToMilliseconds() == 2500
    wait, sleep = timeout.for_duration.child.sequence.children
    assert (wait.sleep.seconds, sleep.sleep.seconds) == pytest.approx((0.3, 1.5))
    claw = gripper.bosdyn_robot_command.command.synchronized_command.gripper_command.claw_gripper_command
    assert claw.maximum_torque.value == 3.0
    assert claw.trajectory.points[0].point == pytest.approx(-0.7854)
    move = arm.bosdyn_robot_command.command.synchronized_command.arm_command.arm_joint_move_command
    assert move.trajectory.maximum_velocity.value == pytest.approx(0.7)
    assert [child.WhichOneof("type") for child in stow.sequence.children] == ["bosdyn_robot_command"] * 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<Sequence><Capture frame="{f}"/></Sequence>', "<Capture> computes or decides"),
        ('<RetryUntilSuccessful num_attempts="-1"><AlwaysSuccess/></RetryUntilSuccessful>', "repeats forever"),
        ('<ParallelAll max_failures="2"><AlwaysSuccess/><AlwaysFailure/></ParallelAll>', "max_failures"),
        ("<KeepRunningUntilFailure><AlwaysSuccess/></KeepRunningUntilFailure>", "no exact counterpart"),
    ],
)
def test_what_cannot_be_mapped_is_named_and_fails_in_the_mission(tmp_path: Path, body: str, reason: str) -> None:
    compiled = compile_tree(document(tmp_path, body))
    (lacking,) = compiled.unmapped
    assert reason in lacking.reason
    assert lacking.place.startswith(f"{tmp_path / 'tree.xml'}:1:")
    assert lacking.path.startswith("Main/")
    assert interpret(compiled.root, {}) == FAILURE


def run(*arguments: str) -> int:
    with Interrupts() as interrupts:
        return main(["mission", *arguments], interrupts)


def test_the_command_line_writes_both_forms_and_names_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", "grasp_bottle", "--out", str(tmp_path / "m.node")) == 1
    assert run("export", "grasp_bottle", "--out", str(tmp_path / "m.txtpb")) == 1
    told = capsys.readouterr().err
    for leaf in ("Capture", "InferHeatmap", "ComputeGraspPose", "CloseGripper", "VerifyGrasp"):
        assert f"<{leaf}>" in told
    assert "<MoveArm>" not in told
    binary, text = nodes_pb2.Node(), nodes_pb2.Node()
    binary.ParseFromString((tmp_path / "m.node").read_bytes())
    text_format.Parse((tmp_path / "m.txtpb").read_text(), text)
    assert binary == text
    assert binary.name == "Sequence"
    assert run("export", "grasp_bottle", "--out", str(tmp_path / "m.xml")) == 2


def test_included_files_are_found_in_the_folders_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "task").mkdir()
    (tmp_path / "parts" / "part.xml").write_text(
        '<root BTCPP_format="4"><BehaviorTree ID="Part"><AlwaysSuccess/></BehaviorTree></root>'
    )
    tree = tmp_path / "task" / "tree.xml"
    tree.write_text(
        '<root BTCPP_format="4" main_tree_to_execute="T"><include path="../parts/part.xml"/>'
        '<BehaviorTree ID="T"><SubTree ID="Part"/></BehaviorTree></root>'
    )
    words = ("export", str(tree), "--out", str(tmp_path / "m.node"))
    for more in ((), ("--remote",)):
        assert run(*words, *more) == 2
        assert run(*words, *more, "--folder", str(tmp_path / "parts")) == 0


def test_serve_takes_the_name_of_a_detector_and_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    import app.mission.parametrised
    import app.mission.serve
    import app.parts.plugins
    from behaviours.robots.fake.robot import FakeDetector

    asked: dict[str, Any] = {}

    def read(file: Path, tree_id: str | None, known: Any, folders: Any) -> str:
        asked["folders"] = list(folders)
        return "the tree"

    def serve(target: Any, tree: str, options: Any, models: Any, interrupts: Any) -> int:
        asked["tree"], asked["detector"] = tree, models[0]
        return 0

    monkeypatch.setattr(app.parts.plugins, "offered", lambda group: ["mine"])
    monkeypatch.setattr(app.parts.plugins, "make_detector", lambda name: FakeDetector())
    monkeypatch.setattr(app.mission.parametrised, "read", read)
    monkeypatch.setattr(app.mission.serve, "serve", serve)
    words = ("--hostname", "127.0.0.1", "--detector", "mine", "--folder", "a", "--folder", "b")
    assert run("serve", "grasp_bottle", *words) == 0
    assert (asked["folders"], asked["tree"]) == (["a", "b"], "the tree")
    assert isinstance(asked["detector"], FakeDetector)


def test_as_one_node_it_names_the_service_under_which_it_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.mission.parametrised import read
    from app.mission.serve import ServeOptions, serving
    from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap
    from tests.app.mission.test_serve import WALK
    from tests.support.spot_robot import target_of

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "tree.xml"
    file.write_text(WALK)
    assert run("export", str(file), "--remote", "--out", "m.node") == 0
    node = nodes_pb2.Node()
    node.ParseFromString(Path("m.node").read_bytes())
    assert list(node.remote_grpc.lease_resources) == ["body"]
    assert {item.key: item.value.constant.string_value for item in node.remote_grpc.inputs} == {"speed": "1.5"}
    with spot() as server, serving(target_of(server), read(file), ServeOptions(), FakeDetector(), FakeHeatmap()):
        names = {entry.name for entry in connect(server, sync=False).robot.list_services()}
    assert node.remote_grpc.service_name in names
