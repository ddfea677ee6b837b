"""The model card of a gait policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from perception.base.digest import sha256_of
from perception.base.files import LIST_BYTES, read_bytes, write_atomic
from training.common.model_card import ModelCard, table_lines
from training.gait.network import read_chain

POLICY_BYTES: Final = 20_000_000
TERRAIN: Final = "## Terrain"


def write_gait_card(out: Path, training: dict[str, Any], data: dict[str, Any], metrics: dict[str, Any]) -> None:
    """Write gait.md beside gait.onnx in `out`."""
    chain = read_chain(out / "gait.onnx")
    ModelCard(
        title="Gait policy",
        purpose="What the joints of Spot's legs should do, 50 times a second, to walk as it is told.",
        limits="For the Spot with arm of this repository, on legs with the stiffness of `LegSettings`, in simulation. "
        "The velocity of the body is the simulator's; a robot has to estimate it. No robot has walked with it.",
        licence="That of this repository. The first one learned from the policy of judo-rai (MIT).",
        training={**training, "widths": chain.widths, "parameters": chain.parameters},
        data=data,
        metrics=metrics,
        baselines={},
        metadata={"task": "gait"},
    ).write(out / "gait.md", out / "gait.onnx")


def write_terrain(card: Path, robots: int, seed: int, policies: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Put what `measure_gait` measured at the end of a card, in the place of what stood there.

    policies: by the policy's name and the row, what `measure` of that study gave.
    """
    before = read_bytes(card, "model card", LIST_BYTES).decode().partition(TERRAIN)[0].rstrip("\n")
    columns = {name: {row: _told(seen) for row, seen in rows.items()} for name, rows in policies.items()}
    what = (
        f"{robots} robots a row, seed {seed}: how many fell, and which share of the velocity that was asked for the "
        "others walked, or how far they drifted at most."
    )
    write_atomic(card, "\n".join([before, "", TERRAIN, "", what, "", *table_lines(columns), ""]).encode())


def _told(seen: Mapping[str, Any]) -> str:
    if "drift_m" in seen:
        return f"{seen['falls']}, {seen['drift_m']:.2f} m"
    return f"{seen['falls']}, {'none' if seen['share'] is None else format(seen['share'], '.3f')}"


def policy_sha256(file: Path) -> str:
    """Of a policy's file."""
    return sha256_of([read_bytes(file, "network", POLICY_BYTES)])
