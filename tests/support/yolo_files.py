"""Tiny networks with the outputs of each form in which ultralytics exports: what they see is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.support.onnx_files import save

NAMES = "{0: 'cup', 1: 'vase', 2: 'bottle'}"
Box = tuple[float, float, float, float]


def plain(boxes: Sequence[tuple[Box, int, float]], *, classes: int = 3, masks: bool = False) -> NDArray[np.float32]:
    """(1, 4 + classes [+ 32], anchors) of (u0, v0, u1, v1), class and score; each mask is the first prototype."""
    table = np.zeros((len(boxes), 4 + classes + 32 * masks), np.float32)
    for row, ((u0, v0, u1, v1), kind, score) in zip(table, boxes, strict=True):
        row[:4] = (u0 + u1) / 2, (v0 + v1) / 2, u1 - u0, v1 - v0
        row[4 + kind] = score
        row[4 + classes :][:1] = 1.0
    return np.ascontiguousarray(table.T[None])


def end_to_end(boxes: Sequence[tuple[Box, int, float]], *, masks: bool = False, rows: int = 300) -> NDArray[np.float32]:
    """(1, rows, 6 [+ 32]), the rest zeros."""
    table = np.zeros((1, rows, 6 + 32 * masks), np.float32)
    for row, (box, kind, score) in zip(table[0], boxes, strict=False):
        row[:6] = *box, score, kind
        row[6:7] = 1.0
    return table


def prototypes(size: tuple[int, int]) -> NDArray[np.float32]:
    """(1, 32, h / 4, w / 4): the first is positive in the upper half."""
    maps = np.full((1, 32, size[0] // 4, size[1] // 4), -20.0, np.float32)
    maps[0, 0, : size[0] // 8] = 20.0
    return maps


def answering(
    path: Path,
    outputs: Sequence[NDArray[np.float32]],
    size: tuple[int, int] = (96, 128),
    *,
    half: bool = False,
    free: bool = False,
    open_shapes: bool = False,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A network that gives these outputs whatever it sees. half: all in 16 bits. free: the input's size is.
    open_shapes: the file does not say how large the outputs are."""
    kind = np.float16 if half else np.float32
    constants: dict[str, NDArray[Any]] = {"zero": np.zeros(1, kind)}
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    shapes: dict[str, list[Any]] = {}
    for index, output in enumerate(outputs):
        constants[f"constant{index}"] = output.astype(kind)
        nodes.append(helper.make_node("Add", [f"constant{index}", "nothing"], [f"output{index}"]))
        shapes[f"output{index}"] = [
            f"d{index}{axis}" if open_shapes else side for axis, side in enumerate(output.shape)
        ]
    said = {"names": NAMES, **({"imgsz": str(list(size))} if free else {}), **(metadata or {})}
    number = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    shape = ["batch", 3, "height", "width"] if free else [1, 3, *size]
    return save(path, nodes, constants, {"images": shape}, shapes, said, number, number)
