"""The model card of a gait policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from perception.base.digest import sha256_of
from perception.base.files import read_bytes
from training.common.model_card import ModelCard
from training.gait.network import read_chain

POLICY_BYTES: Final = 20_000_000


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


def policy_sha256(file: Path) -> str:
    """Of a policy's file."""
    return sha256_of([read_bytes(file, "network", POLICY_BYTES)])
