"""Export the network that names things to ONNX, with metadata and a model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perception.detection.by_depth.namer import FILE_NAME
from perception.detection.by_depth.namer_input import CHANNELS, SIDE, VERSION
from training.common.export_single import Single, export_single
from training.detector.words import WORDS

if TYPE_CHECKING:
    from torch import nn

PURPOSE: Final = (
    "For single things that a detector or depth has found in a picture: the chance that each is a "
    f"{', a '.join(WORDS)} or none of these, and that its mask is that of the thing."
)
LIMITS: Final = (
    "Trained from nothing on rendered furnished rooms (training.detector.furnished) with a model of depth cameras. No "
    "real picture was used; photographs are no more than surroundings and prints. The metrics are on rooms of the same "
    "models that no training saw. `right` is the share of the masks of objects whose likeliest word is the object's. "
    "`refused` is the share of masks of nothing that get no word. The rest is `right` by word."
)


def export_namer(run: Path, out: Path, *, overwrite: bool = False, licence: str) -> Path:
    """Write namer.onnx and namer.md from a run of training.detector.naming.train. Arguments and errors: see
    `export_single`."""
    return export_single(run, out, NAMER, overwrite=overwrite, licence=licence)


def _network(config: Mapping[str, Any]) -> nn.Module:
    from training.detector.naming.network import NamerNetwork

    del config
    return NamerNetwork()


def _head() -> nn.Module:
    from torch import nn

    return nn.Softmax(dim=1)


NAMER: Final = Single(
    name="namer",
    file_name=FILE_NAME,
    made_by="python -m training.detector.naming.train",
    version=VERSION,
    shape=(CHANNELS, SIDE, SIDE),
    make=_network,
    head=_head,
    things="things",
    output="chances",
    title="Namer of single things",
    purpose=PURPOSE,
    limits=lambda _: LIMITS,
    metadata={
        "network": "four levels of residual convolutions over a square around a thing, joined with its measures",
        "words": " ".join(WORDS),
        "input": f"(K, {CHANNELS}, {SIDE}, {SIDE}) float32, a perception.detection.by_depth.namer_input of K",
        "output": f"(K, {len(WORDS) + 1}) float32, chance 0..1 of each word, then of none",
    },
    sha_key="train_sha256",
)
