"""The count of the robot's clock: skew, drift, jumps, other paces."""

from __future__ import annotations

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import header_pb2
from hypothesis import given
from hypothesis import strategies as st

from behaviours.robots.spot.link.clock import RobotClock


class Two:
    """Our clock and the robot's, moved by hand. One exchange: `talk`."""

    def __init__(self, ahead_s: float = 0.0, pace: float = 1.0) -> None:
        self.wall_s, self.robot_s, self.pace = 1000.0, 1000.0 + ahead_s, pace
        self.clock = RobotClock(lambda: self.wall_s)

    def pass_by(self, wall_s: float) -> None:
        self.wall_s += wall_s
        self.robot_s += wall_s * self.pace

    def talk(self, there_s: float = 0.002, back_s: float = 0.002) -> None:
        sent = self.wall_s
        self.pass_by(there_s)
        got = self.robot_s
        self.pass_by(back_s)
        self.clock.sample(sent, got, got, self.wall_s)

    def run(self, seconds: float, step_s: float = 0.05) -> None:
        for _ in range(round(seconds / step_s)):
            self.pass_by(step_s)
            self.talk()


@given(ahead=st.floats(-1e5, 1e5), there=st.floats(0.0, 0.4), back=st.floats(0.0, 0.4))
def test_an_exchange_tells_the_skew_within_half_of_its_time(ahead: float, there: float, back: float) -> None:
    both = Two(ahead)
    both.talk(there, back)
    assert abs(both.clock.ahead_s - ahead) <= (there + back) / 2 + 1e-6
    assert abs(both.clock.robot_time() - both.robot_s) <= (there + back) / 2 + 1e-6


def test_the_count_starts_at_zero_and_goes_with_the_robot() -> None:
    both = Two(37.5)
    assert both.clock.now() == 0.0
    assert not both.clock.synchronised
    both.talk()
    both.clock.start()
    assert both.clock.now() == 0.0
    both.run(3.0)
    assert both.clock.now() == pytest.approx(3.0 + 60 * 0.004, abs=0.01)


@pytest.mark.parametrize("pace", [0.25, 0.9, 1.0, 1.001, 4.0, 10.0])
def test_a_robot_clock_at_another_pace_is_followed_between_exchanges(pace: float) -> None:
    both = Two(-5.0, pace)
    both.run(2.0)
    assert both.clock.pace == pytest.approx(pace, rel=0.06)
    both.pass_by(0.1)
    assert abs(both.clock.robot_time() - both.robot_s) < 0.1 * pace * 0.06 + 1e-3


@pytest.mark.parametrize("step", [30.0, -30.0, 5000.0])
def test_a_clock_that_is_set_makes_no_time_pass_but_is_followed_for_end_times(step: float) -> None:
    both = Two()
    both.talk()
    both.clock.start()
    both.run(1.0)
    before = both.clock.now()
    both.robot_s += step
    both.run(0.2)
    assert both.clock.now() - before == pytest.approx(0.2, abs=0.03)
    assert abs(both.clock.robot_time() - both.robot_s) < 0.01
    assert both.clock.of_robot_time(both.robot_s) == pytest.approx(both.clock.now(), abs=0.01)


def test_a_long_silence_is_time_that_has_passed() -> None:
    both = Two()
    both.run(1.0)
    both.clock.start()
    both.pass_by(20.0)
    both.talk()
    assert both.clock.now() == pytest.approx(20.0, abs=0.02)


@given(st.lists(st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(-3.0, 3.0)), max_size=30))
def test_the_count_never_goes_back(exchanges: list[tuple[float, float, float]]) -> None:
    both = Two()
    both.talk()
    both.clock.start()
    last = 0.0
    for there, back, step in exchanges:
        both.robot_s += step
        both.pass_by(0.05)
        both.talk(there, back)
        now = both.clock.now()
        assert now >= last
        last = now


def test_an_exchange_that_took_long_does_not_spoil_a_good_estimate() -> None:
    both = Two(2.0)
    both.run(0.5)
    both.talk(0.0, 0.9)
    assert abs(both.clock.robot_time() - both.robot_s) < 0.01


def test_absurd_stamps_and_missing_ones_are_ignored() -> None:
    both = Two()
    both.talk()
    ahead = both.clock.ahead_s
    both.clock.sample(10.0, 20.0, 19.0, 11.0)
    both.clock.sample(10.0, 20.0, 20.0, 9.0)
    both.clock.observe(header_pb2.ResponseHeader())
    assert both.clock.ahead_s == ahead
