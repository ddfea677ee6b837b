"""Errors of the connection: their words, when a silence is a loss, and what stays said."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import (
    lease_pb2,
    robot_command_pb2,
    robot_state_pb2,
)
from bosdyn.client.exceptions import LeaseUseError, TimedOutError, UnauthenticatedError
from bosdyn.client.robot_command import BehaviorFaultError, DockedError, ExpiredError, NotPoweredOnError

from behaviours.robots.spot.link.clock import RobotClock
from behaviours.robots.spot.link.errors import Loss, LostRobotError, explain, is_transient
from behaviours.robots.spot.link.link import Link
from behaviours.robots.spot.state import fault_words
from perception.base.errors import RobotError


def lease_error() -> LeaseUseError:
    use = lease_pb2.LeaseUseResult(status=lease_pb2.LeaseUseResult.STATUS_OLDER)
    use.owner.client_name, use.owner.user_name = "tablet", "ann"
    return LeaseUseError(robot_command_pb2.RobotCommandResponse(), use)


@pytest.mark.parametrize(
    ("error", "words", "loss"),
    [
        (lease_error(), r"held by tablet \(user ann\)", Loss.LEASE),
        (NotPoweredOnError(None, "off"), "motors of spot are off", Loss.POWER),
        (BehaviorFaultError(None, "fallen"), "behaviour fault", Loss.POWER),
        (DockedError(None, "docked"), "run with --undock", Loss.POWER),
        (UnauthenticatedError(None, "token"), "does not accept our login", Loss.LINK),
        (ExpiredError(None, "too late"), "refused walking: ExpiredError: too late", None),
    ],
)
def test_errors_say_what_to_do(error: Exception, words: str, loss: Loss | None) -> None:
    told = explain(error, "spot", "walking")
    with pytest.raises(RobotError, match=words):
        raise told
    assert (told.loss if isinstance(told, LostRobotError) else None) is loss


def test_faults_are_named_with_what_to_do_about_them() -> None:
    kinds = robot_state_pb2.BehaviorFault
    clearable = kinds(cause=kinds.CAUSE_FALL, status=kinds.STATUS_CLEARABLE)
    assert "--clear-faults" in fault_words(clearable)
    stuck = kinds(cause=kinds.CAUSE_HARDWARE, status=kinds.STATUS_UNCLEARABLE)
    assert "cannot be cleared" in fault_words(stuck)
    assert "cause 99" in fault_words(kinds(cause=99))


class Silence:
    """A call that gets no answer, and the time that passes meanwhile."""

    def __init__(self, answers: list[Any]) -> None:
        self.now_s, self._answers = 0.0, answers

    def __call__(self, timeout: float) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            self.now_s += timeout
            raise answer
        return answer


def test_a_silence_shorter_than_the_limit_is_forgiven_and_a_longer_one_is_final() -> None:
    timed_out = TimedOutError(None, "late")
    assert is_transient(timed_out)
    call = Silence([timed_out, timed_out, "here", timed_out, timed_out, timed_out, "back"])
    link = Link("spot", RobotClock(), monotonic=lambda: call.now_s)
    assert [link.look("looking", call) for _ in range(3)] == [None, None, "here"]
    assert [link.look("looking", call) for _ in range(2)] == [None, None]
    with pytest.raises(LostRobotError, match=r"no answer for 3\.0 s"):
        link.look("looking", call)
    with pytest.raises(LostRobotError, match="no answer"):
        link.look("looking", call)
    link.forgive()
    assert link.look("looking", call) == "back"


def test_a_patient_link_waits_as_many_times_longer() -> None:
    timed_out = TimedOutError(None, "late")
    call = Silence([timed_out, timed_out, "here", timed_out, timed_out, timed_out])
    link = Link("spot", RobotClock(), 10.0, lambda: call.now_s)
    assert [link.look("looking", call) for _ in range(3)] == [None, None, "here"]
    assert call.now_s == 20.0
    assert [link.look("looking", call) for _ in range(2)] == [None, None]
    with pytest.raises(LostRobotError, match=r"no answer for 30\.0 s"):
        link.look("looking", call)


def test_a_programming_error_is_not_taken_for_a_lost_robot() -> None:
    link = Link("spot", RobotClock())

    def broken(timeout: float) -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        link.look("looking", broken)
    with pytest.raises(KeyError):
        link.last(broken)
    assert link.lost is None


def test_the_first_reason_of_a_loss_stays() -> None:
    link = Link("spot", RobotClock())
    first = link.lose(LostRobotError("first", Loss.LEASE))
    assert link.lose(LostRobotError("second", Loss.LINK)) is first
    with pytest.raises(LostRobotError, match="first"):
        link.require()
