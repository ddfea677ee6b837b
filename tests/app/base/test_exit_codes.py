"""Which error and which result end a command with which exit code."""

from __future__ import annotations

import pytest

from app.base.exit_codes import exit_code, run_code
from behaviours.recording.writing import RecordError
from perception.base.errors import ConfigError, ContractError, LimitError, ModelError, RobotError, WriteError
from trees.errors import LeafError, TreeError


@pytest.mark.parametrize("kind", [ConfigError, LimitError, ModelError, TreeError])
def test_what_cannot_be_used_is_2(kind: type[ConfigError]) -> None:
    assert exit_code(kind("no")) == run_code("error", kind("no")) == 2
    assert exit_code(WriteError("here", "full")) == 2


@pytest.mark.parametrize("kind", [ContractError, RobotError, LeafError, RecordError, ValueError, SystemExit])
def test_what_breaks_is_3(kind: type[BaseException]) -> None:
    assert exit_code(kind("no")) == run_code("error", kind("no")) == 3


def test_a_run_without_an_error_goes_by_its_status() -> None:
    codes = {status: run_code(status, None) for status in ("success", "failure", "interrupted", "error")}
    assert codes == {"success": 0, "failure": 1, "interrupted": 130, "error": 3}
    assert run_code("interrupted", KeyboardInterrupt()) == exit_code(KeyboardInterrupt()) == 130
