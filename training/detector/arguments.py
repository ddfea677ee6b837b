"""Command-line options for a training of the detector, without importing torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from simulation.genesis.devices import DEVICES

LEARNING_RATE: Final = 0.0015
TRUST: Final = "load .pt files that hold more than a YOLO network; loading such a file can run any code of its maker"


def add_detector_arguments(parser: argparse.ArgumentParser) -> None:
    """Options for the arguments of training.detector.train.train, without data, folder, --resume and --overwrite."""
    parser.add_argument("--epochs", type=int, default=60, metavar="N", help="(60)")
    parser.add_argument("--hours", type=float, metavar="H", help="end at about this time instead of after --epochs")
    parser.add_argument(
        "--image-size", type=int, default=448, metavar="PX", help="the longer side; a multiple of 32 (448)"
    )
    parser.add_argument("--batch", type=int, default=16, metavar="N", help="(16)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(0)")
    parser.add_argument(
        "--start", "--weights", dest="weights", type=Path, metavar="FILE", help="weights to begin with (.pt or .onnx)"
    )
    rate = f"of AdamW at the start ({LEARNING_RATE})"
    parser.add_argument("--learning-rate", type=float, default=LEARNING_RATE, metavar="X", help=rate)
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="what to compute on (default cpu)")
    parser.add_argument("--bfloat16", action="store_true", help="16 bits: faster on processors that compute with them")
    parser.add_argument("--trust-pickle", action="store_true", help=TRUST)
