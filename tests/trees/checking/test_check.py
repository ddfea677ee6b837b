"""The checker: every problem at its line and column, with what was expected and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from tests.support.trees_leaves import LEAVES as MOCKS
from trees.checking.flow import assignable, script_writes
from trees.data.ports import input_port, output_port
from trees.engine.leaf import Leaf


class MakeInt(Leaf):
    PORTS = (output_port("out", int),)


class MakeFloat(Leaf):
    PORTS = (output_port("out", float),)


class TakeInt(Leaf):
    PORTS = (input_port("in", int),)


class TakeFloat(Leaf):
    PORTS = (input_port("in", float),)


class Base(Leaf):
    ACTUATORS = frozenset({"base"})
    PORTS = ()


class Arm(Base):
    ACTUATORS = frozenset({"arm"})


class Arm2(Arm):
    pass


class MakeMetres(Leaf):
    PORTS = (output_port("out", float, unit="m"),)


class TakeRadians(Leaf):
    PORTS = (input_port("in", float, unit="rad"),)


CLASSES = (MakeMetres, TakeRadians, MakeInt, MakeFloat, TakeInt, TakeFloat, Base, Arm, Arm2)
TYPED: dict[str, type[Leaf]] = {**MOCKS, **{leaf.tag(): leaf for leaf in CLASSES}}


def write(folder: Path, body: str, root: str = 'BTCPP_format="4" main_tree_to_execute="T"') -> Path:
    file = folder / "tree.xml"
    if "<BehaviorTree" not in body:
        body = f'<BehaviorTree ID="T">\n{body}</BehaviorTree>'
    file.write_text(f"<root {root}>{body}</root>", encoding="utf-8")
    return file


def told(file: Path, **options: bool) -> list[str]:
    """`line:column: message` of each problem."""
    found = trees.problems(file, TYPED, **options)  # type: ignore[arg-type]
    return [str(problem).removeprefix(f"{file}:") for problem in found]


COLUMNS = {
    "unknown port": ('<Act seq="S" sec="S"/>', "2:14: <Act> has no port 'sec'. Did you mean 'seq'? Ports: seq,"),
    "bad literal": ('<Act seq="S"\n  persist="maybe"/>', "3:3: <Act> port 'persist' is 'maybe': expected true"),
    "unbraced output": (
        '<OutInt value="1" out="x"/>',
        "2:19: <OutInt> port 'out' is an output and needs a key in braces: out=\"{x}\"",
    ),
    "nobody writes": ('<ReadInt in="{x}"/>', "2:10: <ReadInt> port 'in' reads {x}, which nothing in tree 'T' writes"),
    "missing port": ("<Act/>", "2:1: <Act> needs port 'seq' (input, str)"),
    "id": ('<Act ID="a" seq="S"/>', "2:6: <Act> has an ID, which only Action,"),
    "no id": ('<Action seq="S"/>', "2:1: <Action> has no ID"),
    "explicit": ('<Action ID="Akt" seq="S"/>', "2:1: unknown node <Akt>. Did you mean 'Act'?"),
    "children": ("<Inverter/>", "2:1: <Inverter> has 0 children, expected 1"),
    "leaf with children": ('<Act seq="S"><Act seq="S"/></Act>', "2:1: <Act> has 1 children, expected 0"),
    "a tree is no node": (
        '<BehaviorTree ID="T"><U/></BehaviorTree><BehaviorTree ID="U"><Act seq="S"/></BehaviorTree>',
        'unknown node <U>. There is a tree of this name: write <SubTree ID="U"/>',
    ),
    "a tree named as a node": (
        '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree><BehaviorTree ID="Act"><Act seq="S"/></BehaviorTree>',
        "<BehaviorTree> ID 'Act' is the name of a node",
    ),
    "reserved": ('<BehaviorTree ID="root"><Act seq="S"/></BehaviorTree>', "<BehaviorTree> 'root' is reserved"),
    "point": ('<BehaviorTree ID="a.b"><Act seq="S"/></BehaviorTree>', "has the character '.', which is not allowed"),
    "twice": (
        '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree>\n<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree>',
        "2:15: there is another tree with ID 'T'",
    ),
    "two async": (
        '<ReactiveSequence><AsyncSequence><Act seq="S"/></AsyncSequence>'
        '<AsyncSequence><Act seq="S"/></AsyncSequence></ReactiveSequence>',
        "2:1: <ReactiveSequence> has more than one <AsyncSequence>",
    ),
    "types": (
        '<Sequence><MakeFloat out="{x}"/>\n<TakeInt in="{x}"/></Sequence>',
        "3:10: <TakeInt> port 'in' reads {x} as int, but <MakeFloat> port 'out' in line 2 writes float",
    ),
    "types through a subtree": (
        '<BehaviorTree ID="T"><Sequence><MakeFloat out="{x}"/>\n<SubTree ID="U" a="{x}"/></Sequence></BehaviorTree>'
        '<BehaviorTree ID="U"><TakeInt in="{a}"/></BehaviorTree>',
        "2:17: <SubTree> port 'a': tree 'U' reads {x} as int, but <MakeFloat> port 'out'",
    ),
    "units": (
        '<Sequence><MakeMetres out="{x}"/>\n<TakeRadians in="{x}"/></Sequence>',
        "3:14: warning: <TakeRadians> port 'in' reads {x} as a value in rad, but <MakeMetres> port",
    ),
    "autoremap": (
        '<BehaviorTree ID="T"><SubTree ID="U" _autoremap="yes"/></BehaviorTree>'
        '<BehaviorTree ID="U"><Act seq="S"/></BehaviorTree>',
        "<SubTree> _autoremap is 'yes', expected true or false",
    ),
    "handed in by nobody": (
        '<BehaviorTree ID="T"><SubTree ID="U" a="{x}"/></BehaviorTree>'
        '<BehaviorTree ID="U"><TakeInt in="{a}"/></BehaviorTree>',
        "<SubTree> port 'a': tree 'U' reads {x}, which nothing in tree 'T' writes",
    ),
    "one forgets": (
        '<BehaviorTree ID="T"><Sequence><SubTree ID="U" a="1"/>\n<SubTree ID="U"/></Sequence></BehaviorTree>'
        '<BehaviorTree ID="U"><TakeInt in="{a}"/></BehaviorTree>',
        "2:1: <SubTree> does not hand in 'a', which tree 'U' reads and does not write",
    ),
    "private": (
        '<BehaviorTree ID="T"><Sequence><MakeInt out="{_a}"/><SubTree ID="U" _autoremap="1"/></Sequence></BehaviorTree>'
        '\n<BehaviorTree ID="U"><TakeInt in="{_a}"/></BehaviorTree>',
        "2:31: <TakeInt> port 'in' reads {_a}, which nothing in tree 'U' writes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_a_problem_is_told_at_its_column(name: str, tmp_path: Path) -> None:
    body, message = COLUMNS[name]
    found = told(write(tmp_path, body))
    assert any(message in line for line in found), found


FINE = {
    "int for float": '<Sequence><MakeInt out="{x}"/><TakeFloat in="{x}"/></Sequence>',
    "text for anything": '<Sequence><Out value="1" out="{x}"/><TakeInt in="{x}"/></Sequence>',
    "root's key": (
        '<BehaviorTree ID="T"><Sequence><MakeInt out="{x}"/><SubTree ID="U"/></Sequence></BehaviorTree>'
        '<BehaviorTree ID="U"><TakeInt in="{@x}"/></BehaviorTree>'
    ),
    "autoremap": (
        '<BehaviorTree ID="T"><Sequence><SubTree ID="V" _autoremap="1"/><SubTree ID="U" _autoremap="1"/></Sequence>'
        '</BehaviorTree><BehaviorTree ID="U"><TakeInt in="{a}"/></BehaviorTree>'
        '<BehaviorTree ID="V"><MakeInt out="{a}"/></BehaviorTree>'
    ),
    "unused trees are not told of what nobody hands them": (
        '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree><BehaviorTree ID="U"><TakeInt in="{a}"/></BehaviorTree>'
    ),
    "explicit form": '<ReactiveSequence><Action ID="Act" seq="S"/><Condition ID="Cond" seq="S"/></ReactiveSequence>',
    "kept": '<Act seq="S" _description="a &lt; b" _uid="3" ns:_fullpath="x"/>',
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_not_told(name: str, tmp_path: Path) -> None:
    body = FINE[name].replace(' ns:_fullpath="x"', ' _ns:fullpath="x"')
    assert told(write(tmp_path, body)) == []


def test_the_words_of_one_who_wrote_the_wrong_key(tmp_path: Path) -> None:
    found = told(write(tmp_path, '<Sequence><MakeInt out="{frame}"/><TakeInt in="{fram}"/></Sequence>'))
    assert found == ["2:44: <TakeInt> port 'in' reads {fram}, which nothing in tree 'T' writes. Did you mean 'frame'?"]


MODEL = """<TreeNodesModel><SubTree ID="U">
  <input_port name="a"/><inout_port name="b" default="3"/><output_port name="c" default="{made}"/>
</SubTree></TreeNodesModel><BehaviorTree ID="T">{}</BehaviorTree>
<BehaviorTree ID="U"><Sequence>
  <TakeInt in="{{a}}"/><TakeInt in="{{b}}"/><MakeInt out="{{c}}"/></Sequence></BehaviorTree>"""


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ('<SubTree ID="U" a="1"/>', ""),
        ('<Sequence><SubTree ID="U" a="1"/><TakeInt in="{made}"/></Sequence>', ""),
        ('<SubTree ID="U"/>', "<SubTree> needs port 'a' (input), which the model of 'U' declares without a default"),
        ('<SubTree ID="U" a="1" bb="2"/>', "warning: <SubTree> port 'bb' is not in the model of 'U'. Did you mean 'b'"),
    ],
)
def test_a_subtree_is_held_to_its_model(use: str, expected: str, tmp_path: Path) -> None:
    found = told(write(tmp_path, MODEL.replace("{}", use).replace("{{", "{").replace("}}", "}")))
    assert (found == []) if not expected else any(expected in line for line in found), found


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            '<Condition ID="MakeInt"><output_port name="out" type="int"/></Condition>',
            "calls 'MakeInt' a Condition, but",
        ),
        (
            '<Action ID="MakeInt"><output_port name="oud"/></Action>',
            "'oud', which it does not have. Did you mean 'out'?",
        ),
        ('<Action ID="MakeInt"><input_port name="out"/></Action>', "calls port 'out' an input, but it is an output"),
        ('<Action ID="MakeInt"><output_port name="out" type="float"/></Action>', "port 'out' is float, but it is int"),
        ('<Action ID="MakeInt"/>', "the model of 'MakeInt' lacks ports that it needs: out"),
        ('<Action ID="MakeInt"><output_port name="out" type="std::int64_t"/></Action>', ""),
        ('<Condition ID="NotUsedHere"/><Condition ID="MakeFloat"/>', ""),
    ],
)
def test_a_model_is_held_to_the_class(model: str, expected: str, tmp_path: Path) -> None:
    tree = '<BehaviorTree ID="T"><MakeInt out="{x}"/></BehaviorTree>'
    found = told(write(tmp_path, f"{tree}<TreeNodesModel>{model}</TreeNodesModel>"))
    assert (found == []) if not expected else all("warning: " in line for line in found), found
    assert any(expected in line for line in found) or not expected, found


def test_strict_refuses_texts_in_double_quotes(tmp_path: Path) -> None:
    file = write(tmp_path, "<Script code='a := \"b\"' _skipIf=\"'x' == 'y\\''\"/>".replace("\\'", ""))
    assert told(file) == []
    assert told(file, strict=True) == ["2:9: <Script> 'code' has a text in double quotes, which 4.9 and later refuse"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<Parallel><Base/><Arm/></Parallel>", "move the base and the arm; they can run at the same time"),
        ("<Parallel><Arm/><Sequence><Arm2/></Sequence></Parallel>", "both move the arm; they can run at the same time"),
        ("<ReactiveFallback><Arm/><Arm2/></ReactiveFallback>", "both move the arm; they can run for one tick"),
        ('<ReactiveSequence><Cond seq="S"/><Arm/></ReactiveSequence>', ""),
        ("<Sequence><Arm/><Arm2/></Sequence>", ""),
        ("<Parallel><Sequence><Arm/><Base/></Sequence><Act seq='S'/></Parallel>", ""),
    ],
)
def test_actuators_that_can_run_at_once_are_warned_about(body: str, expected: str, tmp_path: Path) -> None:
    found = told(write(tmp_path, body))
    assert len(found) == bool(expected)
    assert all(line.startswith("2:1: warning: below <") and expected in line for line in found)


def test_actuators_are_found_in_subtrees(tmp_path: Path) -> None:
    body = "<BehaviorTree ID='T'><Parallel><SubTree ID='U'/><SubTree ID='U'/></Parallel></BehaviorTree>"
    found = told(write(tmp_path, f"{body}<BehaviorTree ID='U'><Arm/></BehaviorTree>"))
    assert len(found) == 1
    assert "<Arm> (line 1) and <Arm> (line 1) both move the arm" in found[0]


def test_strict_refuses_what_the_real_library_refuses(tmp_path: Path) -> None:
    mine = '<BehaviorTree ID="My Tree"><Act seq="S"/></BehaviorTree>'
    body = f'{mine}<BehaviorTree ID="U"><SubTree ID="My Tree"/></BehaviorTree>'
    file = write(tmp_path, body, 'BTCPP_format="4"')
    (warning,) = trees.problems(file, TYPED)
    assert warning.warning
    assert "has a space" in warning.message
    assert trees.load(file, TYPED).main == "U"  # the only one that no other uses
    messages = [problem.message for problem in trees.problems(file, TYPED, strict=True) if not problem.warning]
    assert len(messages) == 2
    assert messages[0].startswith("main_tree_to_execute is missing")
    assert messages[0].endswith("--tree ID. Trees: My Tree, U")


@given(st.text(max_size=60))
def test_the_keys_of_a_script_are_looked_for_in_any_text(text: str) -> None:
    assert all(name in text for name in script_writes(text))


def test_the_keys_that_a_script_assigns() -> None:
    assert script_writes("a:=1; b = a==2; 'c:=1'; d+=x<=y; @e:='f:=g'") == {"a", "b", "d", "@e"}


def test_types_that_may_meet() -> None:
    assert assignable(float, int)
    assert assignable(int, bool)
    assert assignable(Status, str)
    assert assignable(object, Leaf)
    assert assignable(tuple[float, ...], tuple[int, ...])
    assert not assignable(int, float)
    assert not assignable(tuple[int, ...], int)
    assert not assignable(int, tuple[int, ...])
