"""Attempts are counted from outside, by what the grasp's own retry repeats."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from behaviours.recording.attempts import Attempts
from behaviours.recording.result import Result, summary


def nodes(*rows: tuple[int, str]) -> Any:
    """Nodes in the order of the file from (depth, tag); the uid is the place in the list."""
    ports = {"RetryUntilSuccessful": {"num_attempts": "3"}}
    return [
        SimpleNamespace(uid=i, name=str(i), depth=d, tag=tag, ports=ports.get(tag, {}))
        for i, (d, tag) in enumerate(rows)
    ]


def test_entries_of_the_retrys_child_are_counted_once_each() -> None:
    tree = nodes(
        (0, "Sequence"), (1, "RetryUntilSuccessful"), (2, "DetectObject"),
        (1, "RetryUntilSuccessful"), (2, "SubTree"), (3, "Sequence"), (4, "CloseGripper"), (1, "RetryUntilSuccessful"),
    )  # fmt: skip
    attempts = Attempts(tree)
    assert attempts.words(6) == ""
    changes = [("IDLE", "RUNNING"), ("RUNNING", "FAILURE"), ("FAILURE", "IDLE"), ("IDLE", "RUNNING")]
    for old, new in [*changes, ("RUNNING", "SUCCESS")]:
        attempts.transition(4, old, new)
        attempts.transition(6, old, new)
    attempts.transition(2, "IDLE", "RUNNING")  # the detector's retry is another matter
    assert attempts.count == 2
    assert attempts.words(6) == attempts.words(4) == "attempt 2 of 3"
    assert attempts.words(2) == "attempt 1 of 3"
    assert attempts.words(3) == attempts.words(0) == ""


def test_an_attempt_that_fails_within_one_tick_counts() -> None:
    attempts = Attempts(nodes((0, "RetryUntilSuccessful"), (1, "CloseGripper")))
    attempts.transition(1, "IDLE", "FAILURE")
    attempts.transition(1, "FAILURE", "RUNNING")
    attempts.transition(1, "RUNNING", "IDLE")
    assert attempts.count == 2


def test_without_a_retry_the_closings_are_counted() -> None:
    attempts = Attempts(nodes((0, "RetryUntilSuccessful"), (1, "OpenGripper"), (0, "Sequence"), (1, "CloseGripper")))
    attempts.transition(1, "IDLE", "RUNNING")
    assert attempts.count == 0
    attempts.transition(3, "IDLE", "RUNNING")
    assert attempts.count == 1


def test_a_retry_within_a_retry_tells_both_and_begins_anew_with_each() -> None:
    attempts = Attempts(nodes((0, "RetryUntilSuccessful"), (1, "Sequence"), (2, "RetryUntilSuccessful"), (3, "Look")))
    for _ in range(2):
        for _ in range(3):
            attempts.transition(3, "IDLE", "FAILURE")
        attempts.transition(2, "IDLE", "FAILURE")
        attempts.transition(1, "IDLE", "FAILURE")
    attempts.transition(3, "FAILURE", "RUNNING")
    attempts.transition(2, "FAILURE", "RUNNING")
    attempts.transition(1, "FAILURE", "RUNNING")
    assert attempts.words(3) == "attempt 3 of 3 at 0, 1 of 3 at 2"
    attempts.transition(3, "RUNNING", "IDLE")
    attempts.transition(2, "RUNNING", "IDLE")
    attempts.transition(3, "IDLE", "RUNNING")
    assert attempts.words(3) == "attempt 3 of 3 at 0, 1 of 3 at 2"


def test_a_limit_on_the_blackboard_is_not_told_as_a_number() -> None:
    tree = nodes((0, "RetryUntilSuccessful"), (1, "CloseGripper"))
    tree[0].ports["num_attempts"] = "{n}"
    attempts = Attempts(tree)
    attempts.transition(1, "IDLE", "RUNNING")
    assert attempts.words(1) == "attempt 1"


def test_a_signal_settles_a_result() -> None:
    result = Result(status="success")
    result.close(None, 1.23456)
    assert (result.status, result.wall_s) == ("success", 1.235)
    result = Result(status="success")
    result.close("SIGTERM", 1.0)
    assert (result.status, result.reason) == ("interrupted", "interrupted by SIGTERM")


def test_the_judge_fills_in_what_it_knows(tmp_path: Any) -> None:
    result = Result(status="success", attempts=1)
    assert "lifted" not in summary(result, tmp_path)
    result.judge({"object_lift_m": 0.148, "held_s": 2.25, "peak_gripper_torque_nm": 3.0, "else": 1.0})
    assert "1 attempt, object lifted 0.148 m, held 2.2 s, at most 3.00 N·m" in summary(result, tmp_path)


def test_the_summary_of_a_placing_task_says_what_was_placed(tmp_path: Any) -> None:
    result = Result(status="success", attempts=2)
    truth = {"object_lift_m": -0.113, "held_s": 0.0, "placed_upright": True, "placed_distance_m": 0.031}
    result.judge({**truth, "objects_placed": 2})
    words = "2 attempts, 2 objects placed, the target stands upright 0.03 m from the middle of the place"
    assert words in summary(result, tmp_path)
    assert "lifted" not in summary(result, tmp_path)
    result.judge({**truth, "placed_upright": False, "objects_placed": 0})
    assert "object 0.113 m lower than it stood, the target does not stand" in summary(result, tmp_path)
