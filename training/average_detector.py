"""Average a trained detector with the network that its run started from, which keeps more of what that one could do.

`python -m training.average_detector --run RUN/detector --start FILE [--share S] --out DIR`

Fine-tuned on other pictures a network gains there and loses elsewhere; between both weights most of the gain is kept
at little loss (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). OUT is a run as training.export
reads it: weights/best.pt, args.yaml, data.json, and results.csv with the average's own metrics on the run's
validation pictures. --start: what the run was started from (--weights of training.train_detector).
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from perception.errors import ConfigError, SpotGraspError
from perception.files import replacing, write_atomic
from perception.plain_json import json_text
from training.export import read_arguments
from training.torchvision_stub import import_ultralytics
from training.train_detector import trainable

SHARE = 0.6


def average(run: Path, start: Path, out: Path, share: float = SHARE) -> Path:
    """Write OUT, the average of `share` of the run's best weights and the rest of `start`, a .pt or .onnx file.

    ConfigError if a file is missing, the share is not between 0 and 1, or the two are not of the same layout.
    """
    if not 0 < share < 1:
        raise ConfigError(f"--share {share:g} must be between 0 and 1")
    best = run / "weights" / "best.pt"
    for path in (best, run / "args.yaml", run / "data.json", run / "results.csv", start):
        if not path.is_file():
            raise ConfigError(
                f"{path}: missing; --run is OUT/detector of training.train_detector, --start its --weights"
            )
    arguments = read_arguments(run / "args.yaml")
    data, size = Path(arguments["data"]), int(arguments["imgsz"])
    ultralytics = import_ultralytics()
    (out / "weights").mkdir(parents=True, exist_ok=True)
    source = trainable(start, out / "start.pt", data, size) if start.suffix == ".onnx" else start
    checkpoint = torch.load(best, weights_only=False)
    network, other = _network(checkpoint), _network(torch.load(source, weights_only=False))
    mix(network, other, share)
    with replacing(out / "weights" / "best.pt") as part:
        torch.save({**checkpoint, "model": network, "ema": None}, part)
    model = ultralytics.YOLO(str(out / "weights" / "best.pt"), task="segment")
    found = model.val(
        data=str(data), imgsz=size, device="cpu", workers=0, plots=False, verbose=False, project=str(out.resolve()),
        name="validation", exist_ok=True,
    )  # fmt: skip
    with (run / "results.csv").open(encoding="utf-8") as file:
        epoch = list(csv.DictReader(file))[-1]["epoch"].strip()
    metrics = {key: value for key, value in found.results_dict.items() if key.startswith("metrics/")}
    table = io.StringIO()
    writer = csv.DictWriter(table, ["epoch", *metrics])
    writer.writeheader()
    writer.writerow({"epoch": epoch, **{key: f"{value:.5f}" for key, value in metrics.items()}})
    facts = {**json.loads((run / "data.json").read_text()), "share_of_start": round(1 - share, 6)}
    write_atomic(out / "args.yaml", (run / "args.yaml").read_bytes())
    write_atomic(out / "data.json", json_text(facts, indent=1).encode())
    write_atomic(out / "results.csv", table.getvalue().encode())
    return out


def mix(network: nn.Module, other: nn.Module, share: float) -> None:
    """Replace each number of `network` by `share` of it and the rest of `other`'s; ConfigError for another layout."""
    mine, theirs = network.state_dict(), other.state_dict()
    if {name: value.shape for name, value in mine.items()} != {name: value.shape for name, value in theirs.items()}:
        raise ConfigError("the run's network and --start have not the same layout or classes")
    with torch.no_grad():
        for name, value in mine.items():
            if value.is_floating_point():
                value.copy_(torch.lerp(theirs[name].to(value.dtype), value, share))


def _network(checkpoint: dict[str, Any]) -> nn.Module:
    network: nn.Module = (checkpoint.get("ema") or checkpoint["model"]).float()
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--share", type=float, default=SHARE, help="of the run's weights")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        average(args.run, args.start, args.out, args.share)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
