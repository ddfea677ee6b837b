"""Leaves replaced by scripted results, so that a tree is tried without what its leaves need."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from app.base.interrupts import Interrupts
from app.session.options import RunOptions
from app.session.run import run
from app.session.substitute import load_substitution, substitution_for
from app.session.substitution_file import fits, read_rules
from perception.base.errors import ConfigError
from tests.support.trees_leaves import Act
from trees.data.ports import Port
from trees.engine.leaf import Leaf


class Done(Leaf):
    """Succeeds at once."""

    PORTS: tuple[Port, ...] = ()

    def update(self) -> Status:
        return Status.SUCCESS


def file(folder: Path, xml: str) -> Path:
    path = folder / "tree.xml"
    path.write_text(f'<root BTCPP_format="4" main_tree_to_execute="Main">{xml}</root>')
    return path


def test_the_hook_is_asked_once_for_each_node_without_children(tmp_path: Path) -> None:
    xml = """<BehaviorTree ID="Main"><Sequence><Act name="a" seq="F"/><SubTree ID="Sub"/></Sequence></BehaviorTree>
    <BehaviorTree ID="Sub"><Inverter><AlwaysFailure/></Inverter></BehaviorTree>"""
    asked: list[trees.Place] = []

    def substitute(place: trees.Place) -> Leaf | None:
        asked.append(place)
        return Done(place.name, place.wire(()), None) if place.tag == "Act" else None

    events: list[str] = []
    tree = trees.build(trees.load(file(tmp_path, xml), {"Act": Act}), events, lambda: 0.0, substitute)
    assert tree.tick() == Status.SUCCESS
    assert events == []
    assert [(place.uid, place.tag, place.path) for place in asked] == [
        (2, "Act", "Main/Sequence/a"),
        (5, "AlwaysFailure", "Main/Sequence/Sub/Inverter/AlwaysFailure"),
    ]
    assert tree.nodes()[1].tag == "Act"
    assert asked[1].scope is tree.scopes()[3]
    assert list(tree.scopes()) == [0, 3]


RETRY = """<BehaviorTree ID="Main"><Sequence><Act name="look" seq="F"/>
<RetryUntilSuccessful num_attempts="2"><SubTree ID="Sub" name="try"/></RetryUntilSuccessful></Sequence></BehaviorTree>
<BehaviorTree ID="Sub"><Sequence><Act name="look" seq="F"/><Act name="grip" seq="F"/></Sequence></BehaviorTree>"""
ACT_ONLY: dict[str, type[Leaf]] = {"Act": Act, "Done": Done}


def substituted(folder: Path, rules: Any, xml: str = RETRY, clock: Any = lambda: 0.0) -> tuple[trees.Tree, list[str]]:
    """The tree with the substitutions of a file, and the events of the leaves that are still its own."""
    given = folder / "subs.json"
    given.write_text(rules if isinstance(rules, str) else json.dumps(rules))
    document = trees.load(file(folder, xml), ACT_ONLY)
    substitution = load_substitution(given, document)
    events: list[str] = []
    return trees.build(document, events, clock, substitution.hook(events, clock)), events


def rules(*pairs: tuple[str, str], **configs: Any) -> dict[str, Any]:
    return {"TestNodeConfigs": configs, "SubstitutionRules": dict(pairs)}


OK = {"return_status": "SUCCESS"}


def statuses(tree: trees.Tree) -> dict[str, str]:
    return {node.path: node.status for node in tree.nodes()}


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("Act", []),
        ("*", []),
        ("look", ["grip:F", "grip:F"]),
        ("try/*", ["look:F"]),
        ("try/look", ["look:F"]),
        ("try/l??k", ["look:F"]),
        ("Sequence/*/try/Sequence/grip", ["look:F"]),
        ("Main/Sequence/look", ["look:F", "look:F"]),
        ("*look", ["grip:F", "grip:F"]),
    ],
)
def test_a_pattern_is_a_name_a_tag_or_a_path(tmp_path: Path, pattern: str, left: list[str]) -> None:
    tree, events = substituted(tmp_path, rules((pattern, "Ok"), Ok=OK))
    for _ in range(4):
        tree.tick()
    assert events[: len(left)] == left
    assert bool(events) == bool(left)


@pytest.mark.parametrize("pattern", ["loo", "ook", "try/look/", "try/", "l?k", "LOOK", "[a-z]*", "try/.*"])
def test_what_does_not_match_is_an_error_with_the_leaves(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"subs.json: SubstitutionRules.*matches no leaf.*Leaves: Act, grip, look"):
        substituted(tmp_path, rules((pattern, "Ok"), Ok=OK))


def test_the_first_rule_that_matches_counts(tmp_path: Path) -> None:
    tree, _ = substituted(tmp_path, rules(("try/grip", "No"), ("*", "Ok"), Ok=OK, No={"return_status": "FAILURE"}))
    assert tree.tick() in (Status.RUNNING, Status.FAILURE)
    assert statuses(tree)["Main/Sequence/look"] == "SUCCESS"
    assert statuses(tree)["Main/Sequence/RetryUntilSuccessful/try/Sequence/grip"] == "FAILURE"


def test_a_delay_is_of_the_given_clock_and_starts_anew_with_each_entry(tmp_path: Path) -> None:
    now = [100.0]
    config = {"return_status": "FAILURE", "async_delay": 2000}
    xml = '<BehaviorTree ID="Main"><Act name="a" seq="S"/></BehaviorTree>'
    tree, _ = substituted(tmp_path, rules(("a", "Slow"), Slow=config), xml, lambda: now[0])
    for entry in range(2):
        assert tree.tick() == Status.RUNNING, entry
        now[0] += 1.99
        assert tree.tick() == Status.RUNNING
        now[0] += 0.02
        assert tree.tick() == Status.FAILURE
    tree.tick()
    tree.halt()
    now[0] += 5.0
    assert tree.tick() == Status.RUNNING


def test_without_a_delay_the_answer_comes_at_once(tmp_path: Path) -> None:
    tree, _ = substituted(tmp_path, rules(("*", "AlwaysSuccess")))
    assert tree.tick() == Status.SUCCESS


def test_a_leaf_may_run_for_ever_or_be_skipped(tmp_path: Path) -> None:
    configs = {"Skip": {"return_status": "SKIPPED"}, "Hang": {"return_status": "RUNNING"}}
    tree, events = substituted(tmp_path, rules(("try/look", "Hang"), ("look", "Skip"), **configs))
    for _ in range(3):
        assert tree.tick() == Status.RUNNING
    assert events == []


def test_scripts_run_on_the_nodes_blackboard_when_it_answers(tmp_path: Path) -> None:
    now = [0.0]
    told = {"success_script": "told := 'yes'", "failure_script": "told := 'no'", "post_script": "n += 1"}
    configs = {
        "Good": {"return_status": "SUCCESS", "async_delay": 1000, **told},
        "Bad": {"return_status": "FAILURE", **told},
    }
    xml = """<BehaviorTree ID="Main"><Sequence><Script code="n := 0"/><SubTree ID="Sub" n="{n}" told="{a}"/>
    <Done name="bad"/></Sequence></BehaviorTree><BehaviorTree ID="Sub"><Done name="good"/></BehaviorTree>"""
    tree, _ = substituted(tmp_path, rules(("good", "Good"), ("bad", "Bad"), **configs), xml, lambda: now[0])
    assert tree.tick() == Status.RUNNING
    assert tree.blackboard.items() == {"n": 0}
    now[0] = 1.0
    assert tree.tick() == Status.FAILURE
    assert tree.blackboard.items() == {"n": 2, "a": "yes", "told": "no"}


@pytest.mark.parametrize("script", ["n :=", "'open", "1 +* 2", " "])
def test_a_script_that_cannot_be_read_is_found_before_the_run(tmp_path: Path, script: str) -> None:
    words = r"subs.json: TestNodeConfigs.A.post_script: .* at position"
    with pytest.raises(ConfigError, match=words):
        substituted(tmp_path, rules(("look", "A"), A={**OK, "post_script": script}))


def test_another_leaf_can_stand_in(tmp_path: Path) -> None:
    tree, events = substituted(tmp_path, rules(("Act", "Done")))
    assert tree.tick() == Status.SUCCESS
    assert events == []
    with pytest.raises(ConfigError, match="Act needs the ports seq, which Main/Sequence/a has not"):
        substituted(
            tmp_path,
            rules(("a", "Act")),
            '<BehaviorTree ID="Main"><Sequence><Done name="a"/></Sequence></BehaviorTree>',
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"subs.json:1:2: not JSON"),
        ("[]", "is not an object"),
        ("", "not JSON"),
        ("\ud83d", "UTF-8"),
        ('{"SubstitutionRules": {}}', "SubstitutionRules: has no rule"),
        ("{}", "SubstitutionRules: is missing"),
        ('{"TestNodeConfig": {}, "SubstitutionRules": {"a": "b"}}', "Did you mean 'TestNodeConfigs'"),
        ('{"SubstitutionRules": {"a": "b", "a": "c"}}', "'a' stands there twice"),
        ('{"SubstitutionRules": {"look": 3}}', "SubstitutionRules.look: is not a text"),
        ('{"SubstitutionRules": {"look": "Actt"}}', "neither in TestNodeConfigs nor a leaf. Did you mean 'Act'"),
        ('{"TestNodeConfigs": {"A": {}}, "SubstitutionRules": {"look": "A"}}', "A.return_status: is missing"),
        ('{"TestNodeConfigs": {"A": []}, "SubstitutionRules": {"look": "A"}}', "TestNodeConfigs.A: is not an object"),
        ("[" * 50_000, "not JSON"),
    ],
)
def test_mistakes_name_file_key_and_choices(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "subs.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    document = trees.load(file(tmp_path, RETRY), ACT_ONLY)
    with pytest.raises(ConfigError, match=words) as error:
        load_substitution(tmp_path / "subs.json", document)
    assert "subs.json" in str(error.value)


def test_a_file_that_is_not_there_or_too_large_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing.json: no such file"):
        read_rules(tmp_path / "nothing.json")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 1_000_001)
    with pytest.raises(ConfigError, match="too long"):
        read_rules(large)


@pytest.mark.parametrize("pattern", ["*a" * 1500 + "b", "*" * 3000, "?" * 3000, "*?" * 1500])
def test_a_pattern_takes_little_time(pattern: str) -> None:
    begin_s = time.monotonic()
    assert fits(pattern, "a" * 3000) is (pattern[-1] != "b")
    assert time.monotonic() - begin_s < 10


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=8))
def test_a_pattern_means_what_its_regular_expression_means(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(letter, letter) for letter in pattern)
    assert fits(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


@pytest.mark.slow
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_file_is_rules_or_a_config_error(content: str | bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subs.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(ConfigError):
            read_rules(path)


def test_only_simulated_robots_are_substituted(tmp_path: Path) -> None:
    document = trees.load(file(tmp_path, RETRY), ACT_ONLY)
    with pytest.raises(ConfigError, match="--substitute: not with --robot spot"):
        substitution_for(RunOptions("t", robot="spot", substitute=tmp_path / "s.json"), document)  # type: ignore[arg-type]


def test_a_whole_run_with_substitutions(tmp_path: Path) -> None:
    given = tmp_path / "subs.json"
    missed = {"return_status": "FAILURE", "async_delay": 500}
    given.write_text(json.dumps(rules(("GraspOnce/CloseGripper", "Missed"), Missed=missed)))
    options = RunOptions("grasp_bottle", robot="fake", view="none", record=tmp_path / "run", substitute=given)
    assert run(options, Interrupts()) == 1
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["reason"].endswith("/CloseGripper, attempt 3 of 3: substituted: FAILURE")
    assert (tmp_path / "run" / "substitutions.json").read_text() == given.read_text()
