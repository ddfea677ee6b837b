"""The state behind the views: times, attempts, what a new attempt forgets, and how ticks are timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from py_trees.common import Status

import trees
from app.views.model import Transition
from app.views.state import RECENT, RunState
from behaviours.recording.events import Event
from behaviours.recording.monitor import BlackboardChanges
from behaviours.recording.statuses import StatusBoard
from behaviours.recording.tick_times import TickTimes
from tests.support.trees_leaves import Act
from trees.data.blackboard import Blackboard
from trees.data.preorder import ends
from trees.engine.leaf import Leaf
from trees.errors import LeafError

XML = """<root BTCPP_format="4" main_tree_to_execute="Main"><BehaviorTree ID="Main">
<RetryUntilSuccessful num_attempts="3"><Sequence><Act name="a" seq="RS"/><Act name="b" seq="RF"/><Act name="c" seq="S"/>
</Sequence></RetryUntilSuccessful></BehaviorTree></root>"""


class Followed:
    """A tree of scripted leaves with the state that follows it; its clock is set by hand."""

    def __init__(self, folder: Path, xml: str = XML) -> None:
        (folder / "tree.xml").write_text(xml)
        self.now_s = 0.0
        self.tree = trees.build(trees.load(folder / "tree.xml", {"Act": Act}), [], lambda: self.now_s)
        self.state = RunState("t", self.tree.nodes(), ["k"])
        self.tree.on_transition(self._change)

    def _change(self, uid: int, path: str, old: str, new: str, feedback: str) -> None:
        self.state.transition(uid, Transition(self.now_s, path, old, new, feedback))

    def tick(self, to_s: float) -> dict[str, tuple[str, float | None]]:
        self.now_s = to_s
        self.tree.tick()
        return {row.name: (row.status, row.elapsed_s) for row in self.state.snapshot(self.now_s).rows}


def test_a_new_attempt_forgets_what_was_below_the_old_one(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    assert followed.tick(1.0)["a"] == ("RUNNING", 0.0)
    seen = followed.tick(2.0)
    assert seen["a"] == ("SUCCESS", 1.0)
    assert seen["b"] == ("RUNNING", 0.0)
    assert seen["Sequence"] == ("RUNNING", 1.0)
    seen = followed.tick(3.0)  # b fails, and the retry begins anew in the same tick
    assert seen["a"] == ("RUNNING", 0.0)
    assert seen["b"] == ("IDLE", None)
    assert seen["Sequence"] == ("RUNNING", 0.0)
    assert seen["RetryUntilSuccessful"] == ("RUNNING", 2.0)


def test_a_halted_node_is_neither_a_success_nor_a_failure(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    followed.tick(1.0)
    followed.now_s = 1.5
    followed.tree.halt()
    rows = {row.name: row for row in followed.state.snapshot(9.0).rows}
    assert rows["a"].status == "HALTED"
    assert rows["a"].past
    assert rows["a"].elapsed_s == 0.5


def test_a_copy_goes_its_own_way(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    followed.tick(1.0)
    kept = followed.state.copy()
    before = kept.snapshot(1.0)
    followed.tick(2.0)
    followed.state.play(Event(0.0, "blackboard", {"scope": "T", "key": "k", "value": "v"}))
    followed.state.play(Event(0.0, "feedback", {"uid": 2, "feedback": "later"}))
    assert kept.snapshot(1.0) == before
    assert followed.state.snapshot(1.0) != before


def test_the_last_transitions_are_kept_oldest_first(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    for step in range(6):
        followed.tick(float(step))
    recent = followed.state.snapshot(0.0).recent
    assert len(recent) == RECENT
    assert [change.robot_s for change in recent] == sorted(change.robot_s for change in recent)


def test_a_parent_that_is_told_before_its_children_gives_the_same_picture() -> None:
    view = trees.NodeView
    nodes = [
        view(1, "p", "p", "Sequence", "Control", 0, "IDLE", "", {}),
        view(2, "p/c", "c", "Act", "Action", 1, "IDLE", "", {}),
    ]
    pictures = []
    for order in ((1, 2), (2, 1)):
        state = RunState("t", nodes)
        for now_s in (1.0, 3.0):  # entered, ended and entered again
            for uid in order:
                state.transition(uid, Transition(now_s, "", "IDLE", "RUNNING"))
            state.transition(2, Transition(now_s + 1, "", "RUNNING", "FAILURE"))
            state.transition(1, Transition(now_s + 1, "", "RUNNING", "FAILURE"))
        pictures.append(state.snapshot(9.0).rows)
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("depths", "expected"),
    [([], []), ([0], [1]), ([0, 1, 2, 1, 2, 2], [6, 3, 3, 6, 5, 6]), ([0, 1, 2, 3], [4, 4, 4, 4])],
)
def test_where_branches_end(depths: list[int], expected: list[int]) -> None:
    assert ends(depths) == expected


def test_a_skipped_node_has_stored_nothing() -> None:
    board = StatusBoard([trees.NodeView(1, "p", "p", "Act", "Action", 0, "IDLE", "", {})])
    assert board.transition(1, "SKIPPED") == []
    assert board.code(1) == 0


def test_values_written_again_are_told_only_if_they_are_others() -> None:
    main = Blackboard()
    inner = Blackboard(main, remap={"in": "out"}, constants={"c": "one"})
    changes = BlackboardChanges({"Main": main, "Sub": inner})
    assert changes.take() == [("Sub", "c", "one")]
    value = (1, 2)
    inner.set("in", value)
    assert changes.take() == [("Main", "out", value)]
    inner.set("in", value)
    assert changes.take() == []
    inner.set("in", (1, 3))
    main.set("n", None)
    assert changes.take() == [("Main", "out", (1, 3)), ("Main", "n", None)]


class Slow(Leaf):
    """Takes so many seconds of the context's clock to begin and to go on."""

    def initialise(self) -> None:
        self.context["now"] += self.context["begin"]

    def update(self) -> Status:
        self.context["now"] += self.context[self.name]
        return Status.SUCCESS if self.name == "quick" else Status.RUNNING


def test_an_overrun_names_the_leaf_that_took_longest(tmp_path: Path) -> None:
    (tmp_path / "tree.xml").write_text(
        '<root BTCPP_format="4" main_tree_to_execute="M"><BehaviorTree ID="M"><Sequence><Slow name="quick"/>'
        '<Slow name="slow"/></Sequence></BehaviorTree></root>'
    )
    context: dict[str, Any] = {"now": 0.0, "begin": 0.0, "quick": 0.01, "slow": 0.02}
    tree = trees.build(trees.load(tmp_path / "tree.xml", {"Slow": Slow}), context, lambda: 0.0)
    times = TickTimes(tree, 0.05, lambda: context["now"])
    times.tick()
    assert times.overran is None
    assert times.ticks().last_s == pytest.approx(0.03)
    context["slow"] = 0.06
    times.tick()
    assert times.overran == (pytest.approx(0.06), "M/Sequence/slow", pytest.approx(0.06))
    assert times.ticks().overruns == 1
    assert times.ticks().slowest == "M/Sequence/slow (60 ms)"
    context["slow"] = 0.0
    times.tick()
    assert times.overran is None
    assert times.ticks().worst_s == pytest.approx(0.06)
    times.halt()
    context.update(begin=0.07, quick=0.0)
    times.tick()
    assert times.overran is not None
    assert times.overran[1] == "M/Sequence/quick"


def test_a_leaf_that_raises_passes_through_and_is_timed(tmp_path: Path) -> None:
    (tmp_path / "tree.xml").write_text(XML.replace('seq="RS"', 'seq="X"'))
    tree = trees.build(trees.load(tmp_path / "tree.xml", {"Act": Act}), [], lambda: 0.0)
    times = TickTimes(tree, 0.05)
    with pytest.raises(LeafError, match="<Act> raised RuntimeError: a broke"):
        times.tick()
    assert times.ticks().count == 1
