"""Export trained networks to ONNX with metadata and a model card, checked against the network they come from.

`python -m training.export heatmap --run DIR [--out DIR]`
`python -m training.export judge --run DIR [--out DIR]`
`python -m training.export namer --run DIR [--out DIR]`
`python -m training.export detector --run DIR [--out DIR] [--height H --width W]`

--run: OUT of training.heatmap.train, training.judge.train or training.detector.naming.train, or OUT/detector of
training.detector.train. Nothing is written unless the exported network, run by onnxruntime, gives the outputs of the
trained one.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.export")

import argparse
import sys
from pathlib import Path

from training.detector.arguments import TRUST
from training.heatmap.export import UNSTATED

WEIGHTS = Path(__file__).parent.parent / "perception" / "weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=["heatmap", "judge", "namer", "detector"])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--overwrite", action="store_true", help="replace what --out has")
    parser.add_argument("--licence", default=UNSTATED, help="not detector: what the card says of it")
    parser.add_argument("--height", type=int, default=480, help="detector only")
    parser.add_argument("--width", type=int, default=640, help="detector only")
    parser.add_argument("--trust-pickle", action="store_true", help=f"detector only: {TRUST}")
    args = parser.parse_args()
    if args.network == "heatmap":
        from training.heatmap.export import export_heatmap

        path = export_heatmap(args.run, args.out, overwrite=args.overwrite, licence=args.licence)
    elif args.network == "judge":
        from training.judge.export import export_judge

        path = export_judge(args.run, args.out, overwrite=args.overwrite, licence=args.licence)
    elif args.network == "namer":
        from training.detector.naming.export import export_namer

        path = export_namer(args.run, args.out, overwrite=args.overwrite, licence=args.licence)
    else:
        from training.detector.export import export_detector

        path = export_detector(
            args.run, args.out, height=args.height, width=args.width, overwrite=args.overwrite,
            trust_pickle=args.trust_pickle,
        )  # fmt: skip
    sys.stdout.write(f"{path}\n")
