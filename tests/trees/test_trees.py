"""The tree language: files that are good, files that are not, and ticks as BehaviorTree.CPP 4.10 does them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from behaviours.registry import LEAVES
from perception.base.errors import ContractError
from trees.data.ports import input_port, output_port
from trees.engine.leaf import Leaf
from trees.errors import LeafError, TreeError

STATUS = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "K": Status.SUCCESS}


class Act(Leaf):
    """A scripted leaf: `seq` says what it returns tick by tick, K for skipped."""

    PORTS = (input_port("seq", str), input_port("persist", bool, default=False))
    skipped = False

    def __init__(self, name: str, ports: Any, context: list[str]) -> None:
        super().__init__(name, ports, context)
        self._count = 0

    def initialise(self) -> None:
        if not self.get("persist"):
            self._count = 0

    def update(self) -> Status:
        script = self.get("seq")
        letter = script[min(self._count, len(script) - 1)]
        self._count += 1
        self.skipped = letter == "K"
        self.context.append(f"{self.name}:{letter}")
        return STATUS[letter]

    def terminate(self, new_status: Status) -> None:
        if new_status == Status.INVALID:
            self.context.append(f"halt {self.name}")


class Cond(Act):
    """An Act that goes on where it was."""

    KIND = "Condition"
    PORTS = (input_port("seq", str), input_port("persist", bool, default=True))


class Write(Leaf):
    PORTS = (input_port("value", int), output_port("out", int))

    def update(self) -> Status:
        self.set("out", self.get("value"))
        return Status.SUCCESS


class Read(Leaf):
    PORTS = (input_port("in", int),)

    def update(self) -> Status:
        self.context.append(f"read {self.get('in')}")
        return Status.SUCCESS


MOCKS: dict[str, type[Leaf]] = {"Act": Act, "Cond": Cond, "Write": Write, "Read": Read}


def make(tmp_path: Path, body: str, clock: Callable[[], float] = lambda: 0.0) -> tuple[trees.Tree, list[str]]:
    file = tmp_path / "tree.xml"
    if "<BehaviorTree" not in body:
        body = f'<BehaviorTree ID="T">{body}</BehaviorTree>'
    file.write_text(f'<root BTCPP_format="4" main_tree_to_execute="T">{body}</root>')
    events: list[str] = []
    return trees.build(trees.load(file, MOCKS), events, clock), events


def test_sequence_remembers_the_running_child(tmp_path: Path) -> None:
    tree, events = make(tmp_path, '<Sequence><Act name="a" seq="S"/><Act name="b" seq="RS"/></Sequence>')
    assert tree.tick() == Status.RUNNING
    assert tree.tick() == Status.SUCCESS
    assert events == ["a:S", "b:R", "b:S"]


def test_reactive_sequence_asks_again_and_halts(tmp_path: Path) -> None:
    tree, events = make(
        tmp_path, '<ReactiveSequence><Cond name="c" seq="SF"/><Act name="a" seq="R"/></ReactiveSequence>'
    )
    assert tree.tick() == Status.RUNNING
    assert tree.tick() == Status.FAILURE
    assert events == ["c:S", "a:R", "c:F", "halt a"]


def test_retry_counts_attempts(tmp_path: Path) -> None:
    tree, events = make(
        tmp_path,
        '<RetryUntilSuccessful num_attempts="3"><Act name="a" seq="FFS" persist="true"/></RetryUntilSuccessful>',
    )
    statuses = [tree.tick() for _ in range(3)]
    assert statuses[-1] == Status.SUCCESS
    assert events == ["a:F", "a:F", "a:S"]


def test_timeout_runs_on_the_clock_that_is_given(tmp_path: Path) -> None:
    now = [0.0]
    tree, events = make(tmp_path, '<Timeout msec="1000"><Act name="a" seq="R"/></Timeout>', lambda: now[0])
    assert tree.tick() == Status.RUNNING
    now[0] = 1.0
    assert tree.tick() == Status.FAILURE
    assert events == ["a:R", "halt a"]


SUBTREES = """
<BehaviorTree ID="T"><Sequence>
  <SubTree ID="Make" result="{x}" n="7"/><Read in="{x}"/>
  <SubTree ID="Make" _autoremap="true" result="{y}" n="8"/><Read in="{y}"/>
</Sequence></BehaviorTree>
<BehaviorTree ID="Make"><Write value="{n}" out="{result}"/></BehaviorTree>
"""


def test_subtrees_have_their_own_blackboard_joined_by_remapping(tmp_path: Path) -> None:
    tree, events = make(tmp_path, SUBTREES)
    assert tree.tick() == Status.SUCCESS
    assert events == ["read 7", "read 8"]
    assert set(tree.blackboard.items()) == {"x", "y"}


def test_a_wired_port_without_data_is_a_broken_contract_with_its_path(tmp_path: Path) -> None:
    body = '<Fallback><Act name="a" seq="S"/><Write value="1" out="{x}"/></Fallback>'
    tree, _ = make(tmp_path, f'<Sequence>{body}<Read name="R" in="{{x}}"/></Sequence>')
    with pytest.raises(ContractError, match=r"T/Sequence/R: port 'in' reads \{x\}, which nobody has written yet"):
        tree.tick()


class Boom(Act):
    """Raises at its second tick."""

    def update(self) -> Status:
        if self._count == 1:
            raise ZeroDivisionError("in the middle")
        return super().update()


def test_what_a_leaf_raises_halts_its_running_siblings(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    body = '<Parallel><Act name="a" seq="R"/><Boom name="b" seq="RR"/><Act name="c" seq="R"/></Parallel>'
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{body}</BehaviorTree></root>')
    events: list[str] = []
    tree = trees.build(trees.load(file, {**MOCKS, "Boom": Boom}), events, lambda: 0.0)
    assert tree.tick() == Status.RUNNING
    with pytest.raises(LeafError, match="T/Parallel/b: <Boom> raised ZeroDivisionError: in the middle") as caught:
        tree.tick()
    assert {"halt a", "halt b", "halt c"} <= set(events)
    assert caught.value.__notes__ == ["raised at T/Parallel/b"]
    assert all(node.status != "RUNNING" for node in tree.nodes())


BAD = {
    "no xml": ("hello", r"tree.xml:1:1: not well-formed XML"),
    "cut off": ("{T}", r"tree.xml:1:\d+: not well-formed"),
    "other root": ("<tree/>", r"the root element is <tree>"),
    "no tree": ("<root/>", r"main_tree_to_execute is missing"),
    "unknown node": ("{T}\n <Captur/>{/T}", r"tree.xml:2:2: .*<Captur>. Did you mean 'Capture'"),
    "unknown port": ("{T}<Capture camra='hand' frame='{f}'/>{/T}", "Did you mean 'camera'"),
    "missing port": ("{T}<CloseGripper/>{/T}", "needs port 'max_torque_nm'"),
    "bad number": ("{T}<CloseGripper max_torque_nm='3 Nm'/>{/T}", "expected a number"),
    "bad choice": ("{T}<MoveArm pose='up' max_joint_speed_radps='1'/>{/T}", "stow"),
    "literal output": ("{T}<Capture frame='f'/>{/T}", "needs a key in braces"),
    "nobody writes": ("{T}<LiftHand height_m='{h}' max_speed_mps='1'/>{/T}", "nothing in tree"),
    "recursion": ("{T}<SubTree ID='T'/>{/T}", "contains itself"),
    "no such subtree": ("<root><BehaviorTree ID='Tea'><SubTree ID='Te'/>{/T}", "Did you mean 'Tea'"),
    "children": ("{T}<ForceSuccess/>{/T}", "has 0 children, expected 1"),
    "entities": ("<!DOCTYPE r [<!ENTITY a 'b'>]><root/>", "document types and entities"),
    "deep": ("<root>" + "<Sequence>" * 400, "nested more than 300"),
    "binary": ("\x00\x01", "not well-formed"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_error_with_its_place(name: str, tmp_path: Path) -> None:
    text, message = BAD[name]
    text = text.replace("{T}", "<root><BehaviorTree ID='T'>").replace("{/T}", "</BehaviorTree></root>")
    file = tmp_path / "tree.xml"
    file.write_text(text)
    with pytest.raises(TreeError, match=message) as caught:
        trees.load(file, LEAVES)
    assert "\n" not in str(caught.value)
    assert [str(problem) for problem in trees.problems(file, LEAVES)]


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    body = "<Nope/>\n<CloseGripper/>\n<Capture frame='x'/>"
    file.write_text(f"<root><BehaviorTree ID='T'><Sequence>{body}</Sequence></BehaviorTree></root>")
    lines = [problem.line for problem in trees.problems(file, LEAVES) if not problem.warning]
    assert lines == [1, 2, 3]


def test_bare_ampersands_and_less_thans_in_values_are_read(tmp_path: Path) -> None:
    tree, _ = make(tmp_path, '<Act name="a && b < c" seq="S" _description="x<y&z"/>')
    assert tree.nodes()[0].name == "a && b < c"


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_a_tree_or_a_tree_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = bytearray((Path(trees.__path__[0]) / "library" / "grasp_bottle.xml").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    file = tmp_path_factory.mktemp("damaged") / "tree.xml"
    file.write_bytes(bytes(raw))
    message = ""
    try:
        trees.build(trees.load(file, LEAVES), None, lambda: 0.0)
    except TreeError as error:
        message = str(error)
    assert "\n" not in message


def test_the_palette_names_every_leaf_and_port() -> None:
    palette, lines = trees.palette_xml(LEAVES), "\n".join(trees.table(LEAVES))
    for tag, leaf in LEAVES.items():
        assert f'ID="{tag}"' in palette
        for port in leaf.PORTS:
            assert port.name in lines


def test_the_library_carries_the_palette_for_groot2_once() -> None:
    model = trees.palette_xml(LEAVES).split("<TreeNodesModel>")[1].split("</TreeNodesModel>")[0]
    library = Path(trees.__path__[0]) / "library"
    common = (library / "parts" / "common.xml").read_text(encoding="utf-8")
    same = " ".join(model.split()) in " ".join(common.split())  # long elements are broken over lines
    assert same, "parts/common.xml: paste the model of `spot-grasp nodes --groot -`, then spot-grasp format"
    for file in sorted(library.glob("*.xml")):
        text = file.read_text(encoding="utf-8")
        assert '<include path="parts/common.xml"/>' in text, file.name
        assert "<TreeNodesModel>" not in text, file.name
