"""Average a trained detector with the network that its run started from.

`python -m training.detector.average --run RUN/detector --start FILE [--share S] --out DIR`

Fine-tuning on new pictures improves a network on them and worsens it on others. The average keeps most of the
improvement at little loss (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). OUT is a run for
training.export: weights/best.pt, args.yaml, data.json, and results.csv with the average's metrics on the run's
validation pictures. --start: the weights that the run started from (--start of training.detector.train).
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.average")

import argparse
import csv
import io
from collections.abc import Collection
from pathlib import Path

import torch
from torch import nn

from perception.base.errors import ConfigError
from perception.base.files import TEXT_BYTES, read_bytes, read_json, read_text, replacing, write_atomic
from perception.base.plain_json import json_text
from training.common.outputs import refuse_replacing
from training.detector.arguments import TRUST
from training.detector.classes import CLASS_ROWS, labels_of, names_of
from training.detector.export import read_arguments
from training.detector.pickled_weights import check_data, check_weights, network_of, trusting
from training.detector.torchvision_stub import import_ultralytics
from training.detector.train import RUN_FILES, trainable

SHARE = 0.6


def average(
    run: Path,
    start: Path,
    out: Path,
    share: float = SHARE,
    *,
    overwrite: bool = False,
    trust_pickle: bool = False,
) -> Path:
    """Write a run with the average of the run's best weights and those of `start`; returns `out`.

    start: a .pt or .onnx file; the rows of classes that it does not know stay the run's. share: weight of the run,
    between 0 and 1. overwrite: replace a run in `out`.
    trust_pickle: see training.detector.pickled_weights. ConfigError if a file is missing or not trusted, the share is
    impossible, `out` holds a run, or the layouts differ.
    """
    if not 0 < share < 1:
        raise ConfigError(f"--share {share:g} must be between 0 and 1")
    best = run / "weights" / "best.pt"
    for path in (best, run / "args.yaml", run / "data.json", run / "results.csv", start):
        if not path.is_file():
            raise ConfigError(
                f"{path}: missing; --run is OUT/detector of training.detector.train, --start its own --start"
            )
    arguments = read_arguments(run / "args.yaml")
    data, size = Path(arguments["data"]), int(arguments["imgsz"])
    if out.resolve() == run.resolve():
        raise ConfigError(f"--out {out} is the run itself; choose another")
    refuse_replacing((out / name for name in RUN_FILES), overwrite=overwrite)
    check_data(data)
    checkpoint = check_weights(best, trust_pickle=trust_pickle)
    ultralytics = import_ultralytics()
    (out / "weights").mkdir(parents=True, exist_ok=True)
    source = start if start.suffix == ".pt" else trainable(start, out / "start.pt", data, size)
    other = network_of(check_weights(source, trust_pickle=trust_pickle), source)
    network = network_of(checkpoint, best)
    known = labels_of(start, trust_pickle=trust_pickle)
    mix(network, other, share, [row for row, name in enumerate(names_of(network)) if name not in known])
    with replacing(out / "weights" / "best.pt") as part:
        torch.save({**checkpoint, "model": network, "ema": None}, part)
    with trusting(trust_pickle):
        model = ultralytics.YOLO(str(out / "weights" / "best.pt"), task="segment")
    results = model.val(
        data=str(data), imgsz=size, device="cpu", workers=0, plots=False, verbose=False, project=str(out.resolve()),
        name="validation", exist_ok=True,
    )  # fmt: skip
    epoch = list(csv.DictReader(io.StringIO(read_text(run / "results.csv", "table of a run"))))[-1]["epoch"].strip()
    metrics = {key: value for key, value in results.results_dict.items() if key.startswith("metrics/")}
    table = io.StringIO()
    writer = csv.DictWriter(table, ["epoch", *metrics])
    writer.writeheader()
    writer.writerow({"epoch": epoch, **{key: f"{value:.5f}" for key, value in metrics.items()}})
    facts = {**read_json(run / "data.json", "record of the data"), "share_of_start": round(1 - share, 6)}
    write_atomic(out / "args.yaml", read_bytes(run / "args.yaml", "record of a run", TEXT_BYTES))
    write_atomic(out / "data.json", json_text(facts, indent=1).encode())
    write_atomic(out / "results.csv", table.getvalue().encode())
    return out


def mix(network: nn.Module, other: nn.Module, share: float, own: Collection[int] = ()) -> None:
    """Set `network` to share * network + (1 - share) * other, in place. own: classes whose rows of the head stay as
    they are. ConfigError if the layouts differ."""
    mine, theirs = network.state_dict(), other.state_dict()
    if {name: value.shape for name, value in mine.items()} != {name: value.shape for name, value in theirs.items()}:
        raise ConfigError("the run's network and --start have not the same layout or classes")
    with torch.no_grad():
        for name, value in mine.items():
            if value.is_floating_point():
                mixed = torch.lerp(theirs[name].to(value.dtype), value, share)
                if own and CLASS_ROWS.search(name):
                    mixed[list(own)] = value[list(own)]
                value.copy_(mixed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--share", type=float, default=SHARE, help="of the run's weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    parser.add_argument("--trust-pickle", action="store_true", help=TRUST)
    args = parser.parse_args()
    average(args.run, args.start, args.out, args.share, overwrite=args.overwrite, trust_pickle=args.trust_pickle)
