"""Cases of small trees: what they say of a run, what they have seen of the tree, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cases.file import read_cases
from app.cases.run import FileResult, run_file
from perception.base.errors import ConfigError

TREE = """<root BTCPP_format="4" main_tree_to_execute="Greet">
  <BehaviorTree ID="Greet">
    <Sequence>
      <SubTree ID="Raise"/>
      <Fallback name="WalkOrSay">
        <WalkTo name="There" pose="{there}" max_speed_mps="0.5" max_yaw_rate_radps="0.8" _skipIf="stay == 1"/>
        <Report name="Sorry" text="I stay here"/>
      </Fallback>
      <Report text="hello"/>
    </Sequence>
  </BehaviorTree>
  <BehaviorTree ID="Raise">
    <Sequence>
      <Script code="stay := 0"/>
      <RememberPose pose="{here}"/>
      <OffsetPose pose="{here}" forward_m="1" moved="{@there}"/>
      <MoveArm name="Up" pose="ready" max_joint_speed_radps="1.0"/>
    </Sequence>
  </BehaviorTree>
</root>
""".replace('<Script code="stay := 0"/>', '<Script code="@stay := 0"/>')


def cases(folder: Path, text: str) -> Path:
    (folder / "greet.xml").write_text(TREE)
    file = folder / "greet.test.toml"
    file.write_text(text)
    return file


def run(folder: Path, text: str) -> FileResult:
    return run_file(cases(folder, text))


GOOD = """
[[case]]
name = "all goes well"
[case.expect]
order = ["Raise", "There", "Report"]
unvisited = ["Sorry"]
reports = ["hel*"]
attempts = 0
seconds = [3.9, 4.5]

[[case]]
name = "the way is blocked"
world = { walk_blocked = true }
[case.expect]
reports = ["I stay here", "hello"]
visited = ["*/Sorry"]

[[case]]
name = "the arm does not go up"
fail = { "*/Up" = 1 }
expect = { status = "failure", reason = "Greet/Sequence/Raise/Sequence/Up" }

[[case]]
name = "the robot is lost"
world = { lost_after_s = 1 }
expect = { status = "error", reason = "lost at 1.00 s", seconds = [1, 1] }
"""


def test_cases_that_come_out_as_expected_pass_and_see_all_of_the_tree(tmp_path: Path) -> None:
    result = run(tmp_path, f"complete = true\n{GOOD}")
    assert [row.wrong for row in result.rows] == [()] * 4
    assert result.coverage.missing == ()
    assert result.coverage.count == result.coverage.total > 10
    assert result.passed


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ('status = "failure"', "status: expected failure, came success"),
        ('reason = "stuck"', "reason: expected 'stuck' in it, came ''"),
        ("attempts = 2", "attempts: expected 2, came 0"),
        ("seconds = [0, 1]", "seconds: expected 0 to 1, came 4.05 on the robot's clock"),
        ('reports = ["good day"]', "reports: expected ['good day'], came ['hello']"),
        ('visited = ["Sorry"]', "visited: 'Sorry' was never ticked"),
        ('unvisited = ["WalkOrSay"]', "unvisited: Greet/Sequence/WalkOrSay was ticked"),
        ('order = ["There", "Up"]', "order: 'Up' was not entered after 'There'"),
    ],
)
def test_whatever_is_otherwise_than_expected_is_told(expected: str, words: str, tmp_path: Path) -> None:
    result = run(tmp_path, f'[[case]]\nname = "one"\n[case.expect]\n{expected}\n')
    assert result.rows[0].wrong == (words,)
    assert not result.passed


def test_what_was_never_seen_is_named_by_its_line_and_fails_a_file_that_asks_for_all(tmp_path: Path) -> None:
    text = '[[case]]\nname = "one"\n'
    result = run(tmp_path, text)
    missing = {row.origin.path: (row.origin.element.line, row.missing) for row in result.coverage.missing}
    assert missing == {
        "Greet/Sequence": (3, ("FAILURE",)),
        "Greet/Sequence/Raise": (4, ("FAILURE",)),
        "Greet/Sequence/WalkOrSay/There": (6, ("FAILURE",)),
        "Greet/Sequence/WalkOrSay/Sorry": (7, ("SUCCESS",)),
        "Raise/Sequence": (13, ("FAILURE",)),
        "Raise/Sequence/Up": (17, ("FAILURE",)),
    }
    assert result.passed
    assert not run(tmp_path, f"complete = true\n{text}").passed


def test_what_a_reason_excuses_need_not_be_seen_and_an_idle_reason_is_stale(tmp_path: Path) -> None:
    text = 'complete = true\n[[case]]\nname = "one"\n[[unseen]]\nnode = "{}"\nreason = "tried on the robot"\n'
    result = run(tmp_path, text.format("*"))
    assert result.passed
    assert all(row.excused["FAILURE"] == "tried on the robot" for row in result.coverage.rows)
    assert run(tmp_path, text.format("RememberPose")).coverage.stale != ()


def test_each_leaf_and_subtree_that_can_fail_fails_once(tmp_path: Path) -> None:
    result = run(tmp_path, '[[case]]\nname = "any"\nfail_each = ["*"]\n')
    ends = {row.name: row.played.status for row in result.rows}
    assert ends == {
        "any [Greet/Sequence/Raise]": "failure",
        "any [Raise/Sequence/Up]": "failure",
        "any [Greet/Sequence/WalkOrSay/There]": "success",
    }


def test_leaves_are_replaced_as_by_a_file_of_substitutions(tmp_path: Path) -> None:
    text = """[[case]]
name = "one"
nodes.Late = { return_status = "FAILURE", async_delay = 500 }
substitute = { "*/There" = "Late", Up = "AlwaysSuccess" }
expect = { reports = ["I stay here", "hello"], seconds = [0.5, 0.7] }
"""
    assert run(tmp_path, text).rows[0].wrong == ()


def test_cases_of_another_file_are_included_and_have_the_world_of_this_one(tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('[[case]]\nname = "more"\nexpect = { reports = ["I stay here", "hello"] }\n')
    text = 'include = ["more.toml"]\nworld = { walk_blocked = true }\n[[case]]\nname = "one"\n'
    result = run(tmp_path, text)
    assert [(row.name, row.wrong) for row in result.rows] == [("one", ()), ("more", ())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no [[case]]"),
        ("[[case]]\n", "case 1: name: is missing"),
        ('[[case]]\nname = "one"\nwrold = {}\n', "case 'one': wrold: unknown key. Did you mean 'world'? Keys: name, "),
        (
            '[[case]]\nname = "one"\nworld = { slip = 1 }\n',
            "case 'one': world: slip: unknown key. Did you mean 'slips'?",
        ),
        ('[[case]]\nname = "one"\nworld = { slips = -1 }\n', "world: slips: -1 is not a whole number from 0"),
        ('[[case]]\nname = "one"\nworld = { objects = [{ foot_m = [1, 2] }] }\n', "foot_m: [1, 2] is not a list of 3"),
        ('[[case]]\nname = "one"\nscene = "can"\nworld = { objects = [] }\n', "not together with a scene"),
        (
            '[[case]]\nname = "one"\nexpect = { status = "done" }\n',
            "unknown 'done'; choose from: success, failure, error",
        ),
        ('[[case]]\nname = "one"\nexpect = { seconds = [3, 2] }\n', "seconds: [3, 2] is not [least, most]"),
        ('[[case]]\nname = "one"\n[[case]]\nname = "one"\n', "two cases are called 'one'"),
        ('include = ["none.toml"]\n', "none.toml"),
        ('[[case]]\nname = "one"\n[[unseen]]\nnode = "Up"\n', "unseen 1: reason: is missing"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place_and_the_choices(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        read_cases(cases(tmp_path, text))
    assert words in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path))


@pytest.mark.parametrize("where", ['fail = { "*/Upp" = 1 }', 'fail_each = ["Upp"]', 'expect = { visited = ["Upp"] }'])
def test_a_pattern_that_names_no_node_is_a_mistake(where: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Upp' matches no node"):
        run(tmp_path, f'[[case]]\nname = "one"\n{where}\n')
