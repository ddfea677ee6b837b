"""Whether the heatmap network may run in 8 bits: calibrate it, measure it, and keep it only if nothing is lost.

`python -m training.heatmap.quantise --data ARRAYS [--network FILE] [--out FILE] [--card FILE] [--samples N]`

Convolutions, also transposed, but for the first and the last, get 8-bit weights (a scale per channel) and activations
(the range seen in training samples); both networks are measured on the validation samples, in one thread. --out is
written only if AUROC and precision at the top pixel fall by no more than KEPT. --card: a section with the figures is
put at the card's end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception import preprocess
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError, SpotGraspError
from perception.base.files import read_bytes, read_text, write_atomic
from perception.base.plain_json import json_text
from perception.heatmap import DEFAULT_WEIGHTS
from perception.network_file import MAX_BYTES, read_model
from training.common.outputs import refuse_replacing
from training.dataset.catalogue import split_of
from training.dataset.folder import digest
from training.heatmap import build_arrays as dataset
from training.heatmap.metrics import PixelScores

KEPT = 0.005
SAMPLES = 64
HEADING = "## In 8 bits"
MEASURES = ("auroc", "precision_at_1", "ece", "milliseconds")


def quantise(network: Path, data: Path, samples: int = SAMPLES) -> tuple[bytes, dict[str, dict[str, float]]]:
    """(the 8-bit network's file, measures of "fp32" and "int8"). ConfigError if a split of the data is empty."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    inputs, labels, manifest = dataset.load(data)
    splits = [split_of(str(sample["object"])) for sample in manifest["samples"]]
    training, validation = (np.flatnonzero([split == part for split in splits]) for part in ("train", "val"))
    if not training.size or not validation.size or samples < 1:
        raise ConfigError(f"{data}: needs training and validation samples, and --samples at least 1")
    chosen = np.random.default_rng(0).permutation(training)[:samples]

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self, name: str) -> None:
            self._rows: Iterator[int] = iter(np.sort(chosen).tolist())
            self._name = name

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            row = next(self._rows, None)
            return None if row is None else {self._name: _windowed(inputs[row])[0]}

    with tempfile.TemporaryDirectory(prefix="spot-grasp-int8-") as name:
        ready, small = Path(name) / "ready.onnx", Path(name) / "small.onnx"
        quant_pre_process(read_model(network), str(ready), skip_symbolic_shape=True)
        graph = read_model(ready).graph
        layers = [node.name for node in graph.node if node.op_type == "Conv"]
        quantize_static(
            str(ready), str(small), Reader(graph.input[0].name), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=[layers[0], layers[-1]],
            op_types_to_quantize=["Conv", "ConvTranspose"],
        )  # fmt: skip
        files = {"fp32": read_bytes(network, "network", MAX_BYTES), "int8": read_bytes(small, "network", MAX_BYTES)}
    return files["int8"], {key: measured(file, inputs, labels, validation) for key, file in files.items()}


def _windowed(sample: Any) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
    """The (1, 8, h, w) input of the network and which part of the sample it is."""
    window = preprocess.window(sample[preprocess.MASK_CHANNEL] > 0)
    return np.asarray(sample[(slice(None), *window)], np.float32)[None], window


def measured(network: bytes, inputs: Any, labels: Any, rows: NDArray[np.intp]) -> dict[str, float]:
    """Pixel metrics on the rows, and the median milliseconds of processor time a run in one thread takes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    name, scores, seconds = session.get_inputs()[0].name, PixelScores(), []
    for row in rows:
        x, window = _windowed(inputs[row])
        started = time.process_time()
        (quality,) = session.run(None, {name: x})
        seconds.append(time.process_time() - started)
        scores.add(quality[0, 0], np.asarray(labels[row])[window])
    return {**scores.summary(), "milliseconds": 1e3 * float(np.median(seconds))}


def keeps(facts: dict[str, dict[str, float]]) -> bool:
    """Whether 8 bits lose no more than KEPT."""
    return all(facts["int8"][key] >= facts["fp32"][key] - KEPT for key in ("auroc", "precision_at_1"))


def section(facts: dict[str, dict[str, float]], network: bytes, file: Path | None) -> str:
    """Markdown for the card: the figures, and what follows from them."""
    verdict = "Shipped as it keeps them" if keeps(facts) else f"Not shipped: it loses more than {KEPT} of one of them"
    verdict += f": `{file.name}`, {len(network) / 1e6:.1f} MB, SHA-256 `{sha256_of([network])}`." if file else "."
    lines = [HEADING, "", f"Calibrated on training samples, measured on validation samples. {verdict}", ""]
    lines += ["| | fp32 | int8 |", "|---|---|---|"]
    lines += [f"| {key} | {facts['fp32'][key]:.4g} | {facts['int8'][key]:.4g} |" for key in MEASURES]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--card", type=Path)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="training samples to calibrate on")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the network at --out, if --card does not name it"
    )
    args = parser.parse_args()
    try:
        card = "" if args.card is None else read_text(args.card, "model card")
        own = args.out is not None and args.out.is_file() and digest(args.out) in card
        refuse_replacing([args.out] if args.out else [], overwrite=args.overwrite or own)
        network, facts = quantise(args.network, args.data, args.samples)
        if args.card is not None:
            text = card.split(HEADING)[0].rstrip()
            written = args.out if keeps(facts) else None
            write_atomic(args.card, f"{text}\n\n{section(facts, network, written)}".encode())
        if args.out is not None and keeps(facts):
            write_atomic(args.out, network)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")
    sys.stdout.write(json_text({"keeps": keeps(facts), **facts}) + "\n")


if __name__ == "__main__":
    main()
