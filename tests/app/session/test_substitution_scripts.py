"""Substitutions whose scripts give the status, and what is wrong with their configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from py_trees.common import Status

from perception.base.errors import ConfigError, ContractError
from tests.app.session.test_substitution import OK, rules, substituted

SCRIPTED = {
    "FAILURE": "FAILURE", "'SUCCESS'": "SUCCESS", "3": "FAILURE", "2.0": "SUCCESS", "RUNNING": "RUNNING",
    "SKIPPED": "SKIPPED", "m == 1 ? SUCCESS : FAILURE": "SUCCESS", "m > 1 ? SUCCESS : FAILURE": "FAILURE",
}  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTED)
def test_a_script_may_give_the_status_when_the_delay_is_over(tmp_path: Path, script: str) -> None:
    now = [0.0]
    config = {"return_status": "FAILURE", "return_status_script": script, "async_delay": 1000}
    config |= {"success_script": "told := 'yes'", "failure_script": "told := 'no'"}
    tree, _ = substituted(
        tmp_path, rules(("a", "A"), A=config), '<BehaviorTree ID="Main"><Done name="a"/></BehaviorTree>', lambda: now[0]
    )
    assert tree.tick() == Status.RUNNING
    tree.run_script("m := 1")
    now[0] = 1.0
    assert tree.tick_exactly_once() == SCRIPTED[script]
    assert tree.blackboard.items().get("told") == {"SUCCESS": "yes", "FAILURE": "no"}.get(SCRIPTED[script])


@pytest.mark.parametrize("script", ["IDLE", "5", "'FAILED'", "0.5", "nobody"])
def test_a_script_that_gives_no_status_is_an_error_with_its_place(tmp_path: Path, script: str) -> None:
    one = '<BehaviorTree ID="Main"><Done name="a"/></BehaviorTree>'
    tree, _ = substituted(tmp_path, rules(("a", "A"), A={"return_status_script": script}), one)
    with pytest.raises(ContractError, match=r"Main/a: .*(A\.return_status_script gives|nobody)"):
        tree.tick()


def test_a_configuration_needs_a_status_or_a_script(tmp_path: Path) -> None:
    for config in ({}, {"return_status_script": ""}):
        with pytest.raises(ConfigError, match=r"A\.return_status: is missing"):
            substituted(tmp_path, rules(("look", "A"), A=config))
    with pytest.raises(ConfigError, match=r"A\.return_status_script: .* at position"):
        substituted(tmp_path, rules(("look", "A"), A={"return_status_script": "1 +"}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"return_status": "SUCCES"}, "A.return_status: 'SUCCES' is not one of SUCCESS, FAILURE, SKIPPED, RUNNING"),
        ({"return_status": "IDLE"}, "not one of"),
        ({"return_status": True}, "not a text"),
        ({"async_delay": -1}, "A.async_delay: is not a whole number of milliseconds"),
        ({"async_delay": 1.5}, "async_delay"),
        ({"async_delay": True}, "async_delay"),
        ({"async_delay": "2"}, "async_delay"),
        ({"delay": 2}, r"A.delay: unknown key.* Keys: return_status, return_status_script, async_delay"),
        ({"post_script": 1}, "A.post_script: is not a text"),
    ],
)
def test_mistakes_in_a_configuration_are_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        substituted(tmp_path, rules(("look", "A"), A={**OK, **change}))
