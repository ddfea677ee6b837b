"""Words of tree files that are nearly right: misspelt attributes, other formats, names of version 3, lost outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import trees
from tests.support.places import SHARED
from tests.support.trees_leaves import LEAVES
from trees.nodes import CONTROL_NODES
from trees.reading.attributes import LANGUAGE, METADATA
from trees.reading.version3 import NODES

ROOT = '<root BTCPP_format="4" main_tree_to_execute="T">'
USED = '<BehaviorTree ID="U"><Act seq="S"/></BehaviorTree>'
CORPUS = SHARED / "bt"
PLACES = {
    "leaf": '<Act seq="S" {}/>',
    "explicit leaf": '<Action ID="Act" seq="S" {}/>',
    "control": '<Sequence {}><Act seq="S"/></Sequence>',
    "explicit control": '<Control ID="Sequence" {}><Act seq="S"/></Control>',
    "decorator": '<Inverter {}><Act seq="S"/></Inverter>',
    "built in": '<Script code="n := 1" {}/>',
    "subtree": '<SubTree ID="U" {}/>',
}


def told(folder: Path, body: str, root: str = ROOT, **options: bool) -> list[trees.Problem]:
    if "<BehaviorTree" not in body:
        body = f'<BehaviorTree ID="T">{body}</BehaviorTree>{USED}'
    file = folder / "tree.xml"
    file.write_text(f"{root}{body}</root>", encoding="utf-8")
    return trees.problems(file, LEAVES, **options)


def misspelt(name: str) -> set[str]:
    snake = re.sub("([A-Z])", r"_\1", name).lower()
    found = {f"_{name}", name.lower(), name.upper(), snake, name[1:], name[:-1], name + name[-1]}
    found |= {name[:3] + name[4:], name[:2] + name[3] + name[2] + name[4:]}
    return found - {name}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", LANGUAGE)
def test_a_misspelt_attribute_is_a_problem_with_its_place_and_what_was_meant(
    name: str, place: str, tmp_path: Path
) -> None:
    for word in misspelt(name):
        body = PLACES[place].format(f'{word}="1"')
        (problem,) = told(tmp_path, body)
        assert not problem.warning, word
        assert f"'{word}'" in problem.message
        assert f"Did you mean '{name}'?" in problem.message
        assert problem.column == len(f'{ROOT}<BehaviorTree ID="T">{body}'.split(word)[0]) + 1
        (foreign,) = told(tmp_path, body, stub_unknown=True) if place == "subtree" or word[0] == "_" else (None,)
        assert foreign is None or foreign.warning, "4.10 takes it, so a file of others is still read"


def test_the_attributes_of_the_language_and_of_editors_are_fine(tmp_path: Path) -> None:
    known = " ".join(f'{name}="true"' for name in (*METADATA, *LANGUAGE) if name != "_autoremap")
    for body in PLACES.values():
        assert told(tmp_path, body.format(known)) == []
    assert told(tmp_path, '<SubTree ID="U" _autoremap="true"/>') == []


def test_an_attribute_that_is_like_nothing_is_told_with_the_choices(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, '<Act seq="S" _onStart="n := 1"/>')
    assert "'_onStart', which means nothing" in problem.message
    assert "_onSuccess" in problem.message


def test_conditions_and_autoremap_where_they_mean_nothing(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, '<Sequence _autoremap="1"><Act seq="S"/></Sequence>')
    assert "on a <SubTree> only" in problem.message
    found = told(tmp_path, f'<BehaviorTree ID="T" _skipIf="1"><Act seq="S"/></BehaviorTree>{USED}')
    assert ["which means something on a node only" in problem.message for problem in found] == [True]
    found = told(tmp_path, '<Act seq="S"/>', '<root BTCPP_format="4" main_tree_to_execute="T" main_tree_to_exec="T">')
    assert [problem.warning for problem in found] == [True]
    assert "Did you mean 'main_tree_to_execute'?" in found[0].message


def test_a_port_of_a_subtree_may_be_called_like_a_condition(tmp_path: Path) -> None:
    inner = '<BehaviorTree ID="U"><Read in="{post}"/></BehaviorTree>'
    assert told(tmp_path, f'<BehaviorTree ID="T"><SubTree ID="U" post="letter"/></BehaviorTree>{inner}') == []


FORMATS = {
    "4": "", " ": "", "4.6": "warning", "4.10.0": "warning", "3": "braces", "3.8": "braces", "2": "braces",
    "5": "expected 4", "": "expected 4", "four": "expected 4", "44": "expected 4",
}  # fmt: skip


@pytest.mark.parametrize("written", FORMATS)
def test_the_format(written: str, tmp_path: Path) -> None:
    root = f'<root BTCPP_format="{written}">' if written != " " else "<root>"
    found = told(tmp_path, '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree>', root)
    if written == "4":
        assert found == []
        return
    assert len(found) == 1
    assert found[0].warning is (written == " " or FORMATS[written] == "warning")
    assert FORMATS[written].replace("warning", "") in found[0].message
    again = told(tmp_path, '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree>', root, stub_unknown=True)
    assert [problem.warning for problem in again] == [True]


@pytest.mark.parametrize("name", sorted(set(NODES) - set(CONTROL_NODES)))
def test_nodes_of_version_3_are_told_with_what_to_write(name: str, tmp_path: Path) -> None:
    for foreign in (False, True):
        found = told(tmp_path, f"<{name}><Act seq='S'/></{name}>", stub_unknown=foreign)
        assert [problem.warning for problem in found] == [foreign]
        assert f"unknown node <{name}>. It is of version 3: write <" in found[0].message
    (explicit,) = told(tmp_path, f'<Control ID="{name}"><Act seq="S"/></Control>')
    assert "It is of version 3" in explicit.message


def test_what_to_write_for_version_3_is_known_here() -> None:
    for words in NODES.values():
        (tag,) = re.findall(r"write <(\w+)", words)
        assert tag in CONTROL_NODES or tag == "SubTree"


@pytest.mark.parametrize("port", ["success_threshold", "failure_threshold"])
def test_ports_of_version_3(port: str, tmp_path: Path) -> None:
    (problem,) = told(tmp_path, f'<Parallel {port}="1"><Act seq="S"/></Parallel>')
    assert f"In version 4 it is '{port.replace('threshold', 'count')}'." in problem.message


@pytest.mark.parametrize("name", ["__shared_blackboard", "__autoremap"])
def test_attributes_of_version_3(name: str, tmp_path: Path) -> None:
    (problem,) = told(tmp_path, f'<SubTree ID="U" {name}="true"/>')
    assert "Did you mean '_autoremap'? It is of version 3" in problem.message


def test_a_file_that_only_includes_has_a_main_tree(tmp_path: Path) -> None:
    (tmp_path / "part.xml").write_text(f'<root BTCPP_format="4">{USED}</root>', encoding="utf-8")
    file = tmp_path / "all.xml"
    file.write_text('<root BTCPP_format="4"><include path="part.xml"/></root>', encoding="utf-8")
    assert trees.load(file, LEAVES).main == trees.load(file, LEAVES, strict=True).main == "U"
    used = '<BehaviorTree ID="V"><SubTree ID="U"/></BehaviorTree>'
    (tmp_path / "part.xml").write_text(f'<root BTCPP_format="4">{USED}{used}</root>', encoding="utf-8")
    assert trees.load(file, LEAVES).main == "V"


def test_ports_with_dots_in_models_of_actions(tmp_path: Path) -> None:
    model = '<TreeNodesModel><{0} ID="{1}"><input_port name="request.name"/></{0}></TreeNodesModel>'
    tree = '<BehaviorTree ID="T"><Act seq="S"/></BehaviorTree>'
    for kind in ("Action", "Condition", "Decorator", "Control"):
        assert told(tmp_path, f"{model.format(kind, 'Call')}{tree}") == []
    used = '<BehaviorTree ID="T"><Call request.name="x"/></BehaviorTree>'
    assert told(tmp_path, f"{model.format('Action', 'Call')}{used}", stub_unknown=True) == []
    (problem,) = told(tmp_path, f"{model.format('SubTree', 'U')}{tree}{USED}")  # 4.10 refuses it here
    assert "has the character '.'" in problem.message


def test_an_empty_default_is_none_as_in_the_real_library(tmp_path: Path) -> None:
    model = '<TreeNodesModel><SubTree ID="U"><input_port name="x" default=""/></SubTree></TreeNodesModel>'
    body = f'{model}<BehaviorTree ID="T"><SubTree ID="U"/></BehaviorTree>{USED}'
    for strict in (False, True):
        (problem,) = told(tmp_path, body, strict=strict)
        assert problem.warning is not strict
        assert 'with default="", which 4.10 takes for none' in problem.message
    assert told(tmp_path, body.replace('ID="U"/>', 'ID="U" x=""/>'), strict=True) == []


WRITES = '<Out value="1" out="{object}"/>'
OUTPUTS = {  # what the tree does, what its model says -> what a text on the port is
    "written": (WRITES, "", "problem"),
    "read and written": (f'<Sequence><Read in="{{object}}"/>{WRITES}</Sequence>', "", "warning"),
    "read": ('<Read in="{object}"/>', "", ""),
    "counted": ('<Script code="object += 1"/>', "", ""),
    "set": ('<SetBlackboard value="1" output_key="object"/>', "", "problem"),
    "below": ('<SubTree ID="V" inner="{object}"/>', "", "problem"),
    "an output": ("<AlwaysSuccess/>", "output", "problem"),
    "an inout": (WRITES, "inout", "warning"),
    "an input": (WRITES, "input", ""),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_text_on_an_output_of_a_subtree(name: str, tmp_path: Path) -> None:
    body, direction, expected = OUTPUTS[name]
    port = f'<{direction}_port name="object"/>'
    model = f'<TreeNodesModel><SubTree ID="U">{port}</SubTree></TreeNodesModel>' if direction else ""
    rest = f'<BehaviorTree ID="U">{body}</BehaviorTree>'
    rest += '<BehaviorTree ID="V"><Out value="1" out="{inner}"/></BehaviorTree>'
    found = told(tmp_path, f'{model}<BehaviorTree ID="T"><SubTree ID="U" object="5"/></BehaviorTree>{rest}')
    lost = [problem for problem in found if 'the value is lost: object="{5}"' in problem.message]
    assert [problem.warning for problem in lost] == ([expected == "warning"] if expected else [])
    assert lost == found


MIXED = {
    "written int then str": ('<OutInt value="1" out="{k}"/><Out value="a" out="{k}"/>', "writes {k} as str", True),
    "written str then int": ('<Out value="a" out="{k}"/><OutInt value="1" out="{k}"/>', "writes {k} as int", True),
    "int written, str read": ('<OutInt value="1" out="{k}"/><Read in="{k}"/>', "reads {k} as str", False),
    "through a subtree": (
        '<OutInt value="1" out="{k}"/><SubTree ID="R" x="{k}"/>', "reads {k} as str, but <OutInt>", False,
    ),
    "out of a subtree": ('<SubTree ID="W" y="{k}"/><Read in="{k}"/>', "reads {k} as str, but <OutInt>", False),
    "two subtrees": ('<SubTree ID="W" y="{k}"/><SubTree ID="R" x="{k}"/>', "reads {k} as str, but <OutInt>", False),
    "at the root": ('<OutInt value="1" out="{@k}"/><SubTree ID="A"/>', "reads {k} as str, but <OutInt>", False),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_one_key_with_two_types(name: str, tmp_path: Path) -> None:
    body, expected, warning = MIXED[name]
    more = '<BehaviorTree ID="R"><Read in="{x}"/></BehaviorTree><BehaviorTree ID="A"><Read in="{@k}"/></BehaviorTree>'
    more += '<BehaviorTree ID="W"><OutInt value="1" out="{y}"/></BehaviorTree>'
    text = f'<BehaviorTree ID="T"><Sequence>{body}</Sequence></BehaviorTree>{more}'
    found = [problem for problem in told(tmp_path, text) if expected in problem.message]
    assert [problem.warning for problem in found] == [warning]
    strict = [problem for problem in told(tmp_path, text, strict=True) if expected in problem.message]
    assert [problem.warning for problem in strict] == [False]


def test_a_number_read_as_text_and_as_number_is_refused_only_if_strict(tmp_path: Path) -> None:
    body = '<Sequence><Script code="k := 1"/><Read in="{k}"/><ReadInt in="{k}"/></Sequence>'
    assert told(tmp_path, body) == []
    assert ["reads {k} as int" in problem.message for problem in told(tmp_path, body, strict=True)] == [True]


@pytest.mark.skipif(not CORPUS.exists(), reason="the public files are not beside the repository")
def test_no_public_file_is_refused_for_a_word() -> None:
    files = json.loads((CORPUS / "public_expected.json").read_text(encoding="utf-8"))
    for name, case in files.items():
        if "error" not in case:
            found = trees.problems(CORPUS / name, {}, case["spec"]["main"], folders=[CORPUS], stub_unknown=True)
            assert [str(problem) for problem in found if not problem.warning] == []
