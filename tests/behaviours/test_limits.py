"""No number that is no limit, and no name that nobody knows, gets as far as a robot.

With SPOT_GRASP_EXHAUSTIVE=N every number of every leaf is tried with N random values more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import trees
from app.parts.vocabulary import CAMERAS
from behaviours.registry import LEAVES
from behaviours.robot import Robot
from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import ConfigError
from tests.behaviours.bad_values import KNOWN, PORTS, bad_texts, refuses_whatever_comes_from_the_blackboard, tag_with
from trees.data.ports import FINITE, Direction, Port
from trees.engine.leaf import Leaf
from trees.nodes import CONTROL_NODES

NUMBERS = (int, float)
KINDS = {**CONTROL_NODES, **LEAVES}
NUMERIC = [
    pytest.param(port, id=f"{tag}-{port.name}")
    for tag, kind in KINDS.items()
    for port in kind.PORTS
    if port.type in NUMBERS and not (tag in CONTROL_NODES and port.direction is Direction.OUTPUT)
]
EACH = [pytest.param(leaf, port, id=f"{leaf.tag()}-{port.name}") for leaf, port in PORTS]


@pytest.mark.parametrize("port", NUMERIC)
def test_every_number_declares_bounds_that_hold_its_default(port: Port) -> None:
    assert port.bounds != FINITE
    assert port.limits
    assert port.required or port.default is None or port.refusal(port.default) == ""
    low, high = port.bounds.minimum, port.bounds.maximum
    for value in (math.nan, math.inf, -math.inf, high + 1, low - 1, *([low] if port.bounds.above else [])):
        assert port.refusal(value)


def problems(folder: Path, body: str, more: str = "") -> list[trees.Problem]:
    file = folder / "tree.xml"
    main = f'<BehaviorTree ID="T">\n{body}\n</BehaviorTree>{more}'
    file.write_text(f'<root BTCPP_format="4" main_tree_to_execute="T">{main}</root>', encoding="utf-8")
    return trees.problems(file, LEAVES, known=KNOWN)


def errors_at(found: list[trees.Problem], port: Port) -> list[str]:
    """Errors in the line of the leaf that are not about the keys that nothing writes."""
    return [
        problem.message
        for problem in found
        if problem.line == 2
        and not problem.warning
        and f"'{port.name}'" in problem.message
        and "nothing in" not in problem.message
    ]


@pytest.mark.parametrize(("leaf", "port"), EACH)
def test_a_bad_literal_is_refused_when_the_file_is_read(leaf: type[Leaf], port: Port, tmp_path: Path) -> None:
    for text in bad_texts(port):
        assert errors_at(problems(tmp_path, tag_with(leaf, port, text)), port), text


@pytest.mark.parametrize(("leaf", "port"), EACH)
def test_a_bad_constant_of_a_subtree_is_too(leaf: type[Leaf], port: Port, tmp_path: Path) -> None:
    if port.direction is not Direction.INPUT:
        return
    inner = f'<BehaviorTree ID="U">{tag_with(leaf, port, "{handed}")}</BehaviorTree>'
    for text in bad_texts(port):
        if "{" not in text:
            found = problems(tmp_path, f'<SubTree ID="U" handed="{text}" _autoremap="true"/>', inner)
            assert errors_at(found, port), text


def test_on_the_fake_a_bad_value_on_the_blackboard_moves_nothing(tmp_path: Path) -> None:
    with FakeRobot() as robot:
        ready = robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(2.0)
        assert ready.poll().state.value == "done"
        print(refuses_whatever_comes_from_the_blackboard(robot, tmp_path), "values")


@pytest.fixture(scope="module")
def over_grpc() -> Iterator[Robot]:
    pytest.importorskip("bosdyn.client")
    from tests.support.spot_robot import working

    with working() as (_, robot):
        yield robot


@pytest.mark.slow
def test_over_grpc_too(over_grpc: Robot, tmp_path: Path) -> None:
    print(refuses_whatever_comes_from_the_blackboard(over_grpc, tmp_path), "values")


@pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed")
def test_cameras_are_told_without_a_robot() -> None:
    from behaviours.robots.spot.robot import SpotRobot
    from simulation.genesis.robot import GenesisRobot

    assert {"fake": FakeRobot.cameras, "genesis": GenesisRobot.cameras, "spot": SpotRobot.cameras} == CAMERAS


OPEN = '<OpenGripper opening="{o}" max_torque_nm="3"/>'
U = f'<BehaviorTree ID="U">{OPEN}</BehaviorTree>'
SOMETIMES = {
    "script": ('<Script code="o := 1; o := -1"/>', "<Script> 'code' gives '-1' to <OpenGripper> port 'opening'"),
    "calculated": ('<Script code="o := 2 * 3.5"/>', "<Script> 'code' gives '7' to"),
    "condition": ('<AlwaysSuccess _onSuccess="o := 7"/>', "<AlwaysSuccess> '_onSuccess' gives '7' to"),
    "entry": ('<SetBlackboard value="x" output_key="o"/>', "<SetBlackboard> 'value' gives 'x' to"),
    "queue": ('<LoopDouble queue="0;.5;1.5" value="{o}"><AlwaysSuccess/></LoopDouble>', "'queue' gives '1.5' to"),
    "in another tree": ('<SubTree ID="V" v="{o}"/>', "<Script> 'code' gives '3' to <OpenGripper>"),
    "overwritten": ('<SubTree ID="W" o="5"/><Script code="o := 1"/>', "<SubTree> 'o' gives '5' to <OpenGripper>"),
}
V = '<BehaviorTree ID="V"><Script code="v := 3"/></BehaviorTree>'
W = f'<BehaviorTree ID="W"><Sequence><Script code="o := 0"/>{OPEN}</Sequence></BehaviorTree>'


@pytest.mark.parametrize("name", SOMETIMES)
@pytest.mark.parametrize("below", [OPEN, '<SubTree ID="U" o="{o}"/>', '<SubTree ID="U" _autoremap="1"/>'])
def test_what_a_node_may_write_is_a_warning(name: str, below: str, tmp_path: Path) -> None:
    body, words = SOMETIMES[name]
    found = problems(tmp_path, f"<Sequence>{body}{below}</Sequence>", U + V + W)
    assert [problem.warning for problem in found] == [True]
    assert words in found[0].message


def test_many_trees_that_hand_one_value_on_are_looked_at_once(tmp_path: Path) -> None:
    """Each tree uses the one below it ten times, and hands ten constants on: the work follows the files."""
    most = 6
    many = "".join(f'<OpenGripper opening="{{k{key}}}" max_torque_nm="3"/>' for key in range(10))
    handed = " ".join(f'k{key}="{{k{key}}}"' for key in range(10))
    chain = f'<BehaviorTree ID="U0"><Sequence>{many}</Sequence></BehaviorTree>'
    for level in range(most - 1):
        used = f'<SubTree ID="U{level}" {handed}/>' * 5 + '<Script code="k0 := 9; k1 := 8"/>'
        chain += f'<BehaviorTree ID="U{level + 1}"><Sequence>{used}</Sequence></BehaviorTree>'
    given = handed.replace("{", "").replace("}", "")
    found = problems(tmp_path, f'<SubTree ID="U{most - 1}" {given}/>', chain)
    errors = [problem for problem in found if not problem.warning]
    assert len(errors) == 8  # what the scripts on the way write too is a warning
    assert len(found) == 8 + 2 + 2 * (most - 1)


def test_a_models_default_is_held_to_the_port(tmp_path: Path) -> None:
    ports = '<input_port name="opening" default="{}"/><input_port name="max_torque_nm"/>'
    model = f'<TreeNodesModel><Action ID="OpenGripper">{ports}</Action></TreeNodesModel>'
    tree = '<OpenGripper max_torque_nm="3"/>'
    assert problems(tmp_path, tree, model.format("0.5")) == []
    (warning,) = problems(tmp_path, tree, model.format("1.5"))
    assert warning.warning
    assert "gives port 'opening' the default '1.5': expected at least 0 and at most 1" in warning.message


def test_a_leaf_that_stands_in_takes_only_what_its_own_ports_take(tmp_path: Path) -> None:
    from app.session.substitute import load_substitution

    rules = tmp_path / "rules.json"
    rules.write_text('{"SubstitutionRules": {"WalkToObject": "LookAt"}}')
    for speed, taken in (("1.5", True), ("1.6", False)):
        tree = f'<WalkToObject object="{{o}}" distance_m="1" max_speed_mps="{speed}" max_yaw_rate_radps="1"/>'
        file = tmp_path / "tree.xml"
        file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{tree}</BehaviorTree></root>')
        document = trees.load(file, LEAVES, unwritten=True)
        if taken:
            load_substitution(rules, document)
        else:
            with pytest.raises(ConfigError, match="LookAt cannot take the port 'max_speed_mps' of T/WalkToObject"):
                load_substitution(rules, document)
