"""Before a run: credentials, the preflight, and options that do not fit."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import robot_state_pb2

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.tree_files import preflight
from behaviours.robots.spot.link.connection import Connection, Target
from perception.base.errors import ConfigError, RobotError
from simulation.spot_api.body.machine import FALL
from tests.behaviours.spot.test_session import holder
from tests.support.spot_api import connect, spot
from tests.support.spot_robot import target_of

pytestmark = pytest.mark.slow


def test_a_wrong_password_says_where_it_comes_from_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with spot() as server:
        wrong = Target("127.0.0.1", server.port, server.ca_file, ("user", "very-secret-word"))
        with pytest.raises(ConfigError, match="BOSDYN_CLIENT_USERNAME") as caught:
            Connection(wrong).open()
        assert "very-secret-word" not in str(caught.value)
        assert "very-secret-word" not in repr(wrong)


def test_credentials_come_from_the_environment_and_are_written_nowhere(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)
    with spot(password="a-secret-of-the-robot") as server:
        monkeypatch.setenv("BOSDYN_CLIENT_USERNAME", "user")
        monkeypatch.setenv("BOSDYN_CLIENT_PASSWORD", "a-secret-of-the-robot")
        arguments = ["--hostname", "127.0.0.1", "--port", str(server.port), "--certificate", str(server.ca_file)]
        with Interrupts() as interrupts:
            assert main(["check", "grasp_bottle", *arguments], interrupts) == 0
            run = ["run", "grasp_bottle", "--robot", "spot", "--record", "r", "--view", "plain", "--time-limit", "0.3"]
            assert main([*run, *arguments], interrupts) == 1
        assert not server.machine.motors_on()
        assert holder(server) == ""
    told = capsys.readouterr()
    everything = told.out + told.err + caplog.text
    everything += "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())
    assert "a-secret-of-the-robot" not in everything
    assert json.loads((tmp_path / "r" / "result.json").read_text())["robot"] == "spot"


def test_without_credentials_and_terminal_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOSDYN_CLIENT_USERNAME", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with spot() as server, pytest.raises(ConfigError, match="BOSDYN_CLIENT_PASSWORD"):
        Connection(Target("127.0.0.1", server.port, server.ca_file)).open()


def test_an_unknown_certificate_authority_is_not_trusted() -> None:
    with spot() as server:
        trusting_the_vendor_only = Target("127.0.0.1", server.port, None, ("user", server.password))
        with pytest.raises(RobotError, match=r"certificate.*--certificate|does not answer while logging in"):
            Connection(trusting_the_vendor_only).open()


def test_the_preflight_only_looks() -> None:
    with spot() as server:
        rows = preflight.preflight(target_of(server))
        assert all(row.verdict == "ok" for row in rows), preflight.table(rows)
        assert {row.what for row in rows} >= {
            "e-stop", "lease", "motors", "faults", "battery", "arm", "time sync", "cameras"
        }  # fmt: skip
        assert server.log.commands == []


def test_the_preflight_finds_what_would_stop_a_run() -> None:
    with spot() as server:
        connect(server, "tablet").leases.acquire()
        server.machine.add_fault(FALL)
        server.estop.pressed = True
        rows = {row.what: row for row in preflight.preflight(target_of(server)) if row.verdict == "fail"}
        assert set(rows) >= {"e-stop", "lease", "faults"}
        assert "tablet" in rows["lease"].words
        assert "CAUSE_FALL" in rows["faults"].words


@pytest.mark.parametrize(
    ("percent", "verdict"), [(None, "note"), (5.0, "fail"), (10.0, "note"), (29.9, "note"), (30.0, "ok")]
)
def test_the_battery_is_judged_at_its_boundaries(percent: float | None, verdict: str) -> None:
    assert preflight.battery_row(percent).verdict == verdict


def test_a_robot_without_an_arm_is_not_ready() -> None:
    from behaviours.robots.spot.state import RobotView

    rows = preflight.state_rows(RobotView(robot_state_pb2.RobotState()))
    assert ("arm", "fail") in [(row.what, row.verdict) for row in rows]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--robot", "spot"], "needs --hostname"),
        (["--robot", "fake", "--hostname", "x"], "--hostname: not for --robot fake"),
        (["--robot", "genesis", "--take-lease"], "--take-lease: not for --robot genesis"),
        (["--robot", "spot", "--hostname", "h", "--scene", "bottle"], "--scene: not for a real Spot"),
        (["--robot", "spot", "--hostname", "sim", "--port", "4"], "--port, --certificate: a simulated Spot chooses"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with Interrupts() as interrupts:
        assert main(["run", "grasp_bottle", *arguments], interrupts) == 2
    assert words in capsys.readouterr().err
