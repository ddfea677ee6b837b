"""Some faults at one stage of the bottle tree; with SPOT_GRASP_ALL_FAULTS=1 all at every stage: makes docs/faults.md.

All of them take some minutes; each run has a watchdog of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.places import ROOT

pytest.importorskip("bosdyn.client")

from tests.app.spot import faults as spot_faults
from tests.app.spot.faults import FAULTS, STAGES, Outcome

ALL = bool(os.environ.get("SPOT_GRASP_ALL_FAULTS"))
TABLE = ROOT / "docs" / "faults.md"
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
        TABLE.write_text(table(outcomes))
    assert broken == {}


def table(outcomes: dict[Case, Outcome]) -> str:
    """docs/faults.md."""
    lines = [
        "# Behaviour under faults",
        "",
        "The bottle tree runs through the services of the Spot API, and each fault begins when a stage of the tree",
        "is entered.",
        "The robot behind the services is the fake one; leases, e-stop, power, clocks and gRPC are those",
        "of the simulated Spot.",
        "`SPOT_GRASP_ALL_FAULTS=1 pytest tests/app/spot/test_faults.py` makes this table.",
        "",
        "Every run ended by itself, closed its run folder and left the robot at rest. It returned the lease if it",
        "still had it and could reach the robot. It moved nothing once the lease, the e-stop or the motors were gone.",
        "",
        "- lifted: with the number of the attempt if it is not the first. The last stages may be over before a fault",
        "  shows.",
        "- failed: the tree failed with a reason, exit code 1.",
        "- ended: the robot was lost, exit code 3.",
        "- empty: the fault has no meaning there.",
        "",
        f"| fault | {' | '.join(STAGES)} |",
        f"|---|{'---|' * len(STAGES)}",
    ]
    for name in FAULTS:
        cells = [_cell(outcomes.get((name, stage))) for stage in STAGES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "## Messages", ""]
    for name in FAULTS:
        told = _first_reason(outcome for (fault, _), outcome in outcomes.items() if fault == name)
        if told:
            lines.append(f"- {name}: {told}")
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    if outcome.broken:
        return "**broken**"
    if outcome.status == "success":
        return "lifted" if outcome.attempts == 1 else f"lifted at {outcome.attempts}."
    return {"failure": "failed", "error": "ended"}[outcome.status]


def _first_reason(outcomes: Iterable[Outcome]) -> str:
    return next((outcome.reason for outcome in outcomes if outcome.reason), "")
