"""Signals: raised at once at the start, between ticks while running, ignored while closing."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from app.base.interrupts import AGAIN_S, TWICE_S, Interrupts


def send(number: signal.Signals = signal.SIGINT) -> None:
    """A signal to this process; Python runs its handler before the next line."""
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def hearing() -> Iterator[None]:
    """The hangup counts, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is so slow that the alarm comes when it is not about that."""
    monkeypatch.setattr("app.base.interrupts.AGAIN_S", 60.0)
    monkeypatch.setattr("app.base.interrupts.TICK_S", 60.0)


@pytest.fixture
def alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.base.interrupts.AGAIN_S", AGAIN_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_at_the_start_a_signal_raises_at_once(number: signal.Signals) -> None:
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt, match=number.name):
        send(number)
    assert interrupts.received == number.name


def test_a_second_signal_does_not_break_the_unwinding() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            send()
        send(signal.SIGTERM)
    assert interrupts.received == "SIGINT"


def test_an_interruption_swallowed_by_a_library_comes_back_at_the_next_check() -> None:
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):  # stands for the library's own `except:`
            send()
        with pytest.raises(KeyboardInterrupt, match="SIGINT"):
            interrupts.check()


def wait_for_signal() -> None:
    """Stands for work that goes on after an interruption was swallowed; ends by the next interruption."""
    for _ in range(1000):
        time.sleep(0.01)


@pytest.mark.usefixtures("alarm")
def test_an_interruption_swallowed_by_a_library_is_raised_again() -> None:
    raised = ""
    with Interrupts() as interrupts:
        try:
            with contextlib.suppress(KeyboardInterrupt):
                send()
            wait_for_signal()
        except KeyboardInterrupt as error:  # while it is handled no other comes
            raised = str(error)
            interrupts.closing()
        time.sleep(2.5 * AGAIN_S)
    assert raised == "SIGINT"


@pytest.mark.usefixtures("alarm")
def test_cleaning_up_after_an_interruption_is_not_interrupted_again() -> None:
    cleaned = []

    def clean_up() -> None:
        try:
            try:
                send()
            finally:
                time.sleep(2.5 * AGAIN_S)
                cleaned.append("finally")
                raise ValueError("a library that turns it into an error of its own")
        except ValueError as error:
            time.sleep(2.5 * AGAIN_S)
            cleaned.append("except")
            raise KeyboardInterrupt from error

    with pytest.raises(KeyboardInterrupt), Interrupts():
        clean_up()
    assert cleaned == ["finally", "except"]


def test_between_ticks_only_check_raises() -> None:
    with Interrupts() as interrupts:
        interrupts.between_ticks()
        interrupts.check()
        send()
        send()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        send()


def test_a_tick_that_does_not_end_is_broken_by_a_later_second_signal() -> None:
    now = [10.0]
    with Interrupts(lambda: now[0]) as interrupts:
        interrupts.between_ticks()
        send()
        now[0] += TWICE_S + 0.1
        with pytest.raises(KeyboardInterrupt):
            send()
        send()


def test_while_closing_signals_are_remembered_and_ignored() -> None:
    with Interrupts() as interrupts:
        interrupts.closing()
        send(signal.SIGTERM)
        assert interrupts.received == "SIGTERM"


def test_a_held_signal_is_raised_by_release() -> None:
    with Interrupts() as interrupts:
        interrupts.hold()
        send()
        with pytest.raises(KeyboardInterrupt, match="SIGINT"):
            interrupts.release()


def test_released_without_a_signal_the_next_one_raises_at_once() -> None:
    with Interrupts() as interrupts:
        interrupts.hold()
        interrupts.release()
        with pytest.raises(KeyboardInterrupt):
            send()


def test_a_signal_before_the_ticks_stops_the_first_one() -> None:
    interrupts = Interrupts()
    interrupts.received = "SIGTERM"
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        interrupts.between_ticks()


def test_the_old_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_signal_cuts_the_closing_once_and_never_the_saving() -> None:
    now = [10.0]
    with Interrupts(lambda: now[0]) as interrupts:
        interrupts.closing()
        send()
        now[0] += TWICE_S / 2
        send()  # one and the same
        now[0] += TWICE_S
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGTERM)
        send()
    with Interrupts() as interrupts:
        interrupts.saving()
        send()
        interrupts.closing()
        send()
        assert interrupts.received is None, "how it ends is settled"


def test_while_a_robot_moves_nothing_pauses_the_program() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGTTOU)]
    saved: list[str] = []

    def moving(interrupts: Interrupts) -> None:
        with interrupts.guarding(lambda: None, lambda: saved.append("saved")):
            assert signal.getsignal(signal.SIGTTOU) is signal.SIG_IGN
            send(signal.SIGTSTP)

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt, match="SIGTSTP"):
        moving(interrupts)
    assert saved == ["saved"]
    assert [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGTTOU)] == before


def test_nohup_keeps_the_hangup_away() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            send(signal.SIGHUP)
            assert interrupts.received is None
    finally:
        signal.signal(signal.SIGHUP, before)
