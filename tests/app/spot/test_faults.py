"""Faults of the Spot API in the middle of the bottle tree, held to what docs/faults.md says of them.

SPOT_GRASP_ALL_FAULTS=1 tries every fault at every stage, in some minutes, and writes that page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytest.importorskip("bosdyn.client")

from tests.app.spot import faults as spot_faults
from tests.app.spot.faults import EVERYWHERE, FAULTS, Outcome

ALL = bool(os.environ.get("SPOT_GRASP_ALL_FAULTS"))
PAGE = ROOT / "docs" / "faults.md"
AT_ONCE = 6
SAMPLED = {
    "unavailable for a moment": "walk",
    "connection cut for good": "approach",
    "lease stolen": "walk",
    "e-stop pressed": "lift",
    "behaviour fault": "look",
    "clock set 30 s ahead": "see",
    "no depth": "see",
    "walk blocked for good": "walk",
    "bottle slips": "verify",
}
"""What is tried when not everything is: each way in which a run can end, at one stage."""
Case = tuple[str, str]


def cases() -> list[Case]:
    """(fault, stage)."""
    if ALL:
        return [(name, stage) for name, fault in FAULTS.items() for stage in fault.stages]
    return list(SAMPLED.items())


@pytest.mark.slow
@pytest.mark.timeout(3600 if ALL else 600)
def test_every_fault_ends_or_recovers_and_nothing_is_sent_that_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spot_faults.install(monkeypatch)
    numbered = list(enumerate(cases()))

    def play(item: tuple[int, Case]) -> tuple[Case, Outcome]:
        number, case = item
        return case, spot_faults.play(*case, tmp_path / f"{number:03d}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = dict(pool.map(play, numbered))
    capsys.readouterr()
    broken = {f"{name} / {stage}": outcome.broken for (name, stage), outcome in outcomes.items() if outcome.broken}
    if ALL:
        PAGE.write_text(page(outcomes))
    assert broken == {}
    written = PAGE.read_text()
    fixed = {case: outcome for case, outcome in outcomes.items() if len(FAULTS[case[0]].ends) == 1}  # the others vary
    assert {case: said(written, *case) for case in fixed} == {case: words(outcome) for case, outcome in fixed.items()}


def test_the_page_has_every_fault() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.read_text().partition("## Outcomes")[2], re.MULTILINE)
    assert rows == ["fault", *FAULTS]


def page(outcomes: dict[Case, Outcome]) -> str:
    """docs/faults.md, whose text before the outcomes stays as it is."""
    lines = ["| fault | outcome |", "|---|---|"]
    lines += [f"| {name} | {_summary(name, outcomes)} |" for name in FAULTS]
    lines += ["", "## Messages", ""]
    for name in FAULTS:
        reason = _first_reason(outcome for (fault, _), outcome in outcomes.items() if fault == name)
        if reason:
            lines.append(f"- **{name}**: {reason}")
    before = PAGE.read_text().partition("## Outcomes")[0]
    return "\n".join([f"{before}## Outcomes", "", *lines, ""])


def _summary(name: str, outcomes: dict[Case, Outcome]) -> str:
    """`stops`, or `fails (arm); succeeds (look, lift)` if it depends on the stage."""
    groups: dict[str, list[str]] = {}
    for stage in FAULTS[name].stages:
        groups.setdefault(words(outcomes[name, stage]), []).append(stage)
    if len(groups) == 1 and FAULTS[name].stages == EVERYWHERE:
        return next(iter(groups))
    return "; ".join(f"{outcome} ({', '.join(stages)})" for outcome, stages in groups.items())


def words(outcome: Outcome) -> str:
    """How the page calls an outcome."""
    if outcome.status == "success":
        return "succeeds" if outcome.attempts == 1 else f"succeeds at attempt {outcome.attempts}"
    return {"failure": "fails", "error": "stops"}[outcome.status]


def said(page: str, name: str, stage: str) -> str:
    """What the page says of a fault at a stage."""
    (cell,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", page, re.MULTILINE)
    parts = [re.fullmatch(r"([^()]+?)(?: \((.*)\))?", part) for part in cell.split("; ")]
    return next(part[1] for part in parts if part and (part[2] is None or stage in part[2].split(", ")))


def _first_reason(outcomes: Iterable[Outcome]) -> str:
    return next((outcome.reason for outcome in outcomes if outcome.reason), "")
