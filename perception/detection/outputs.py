"""In which form a YOLO network, as ultralytics exports it, says what it sees, and how that is read.

| form | output 0 | boxes |
|---|---|---|
| plain | (1, 4 + classes, anchors) | centre and size, a score for each class; an object may have several |
| end to end | (1, boxes, 6) | corners, score, number of the class; rows that are left over have score 0 |

A segmentation network has 32 numbers more for each box, and as output 1 mask prototypes (1, 32, h, w), which these mix.
All boxes are in pixels of the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.networks.onnx_session import OnnxSession

PROTOTYPES: Final = 32
END_TO_END: Final = 6
"""Numbers of a box of an end-to-end network."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The boxes of one picture. corners: (n, 4) u0, v0, u1, v1 in input pixels. scores: (n,) of the likeliest class.
    classes: (n,) its number. coefficients: (n, 32) of the mask, (n, 0) if the network draws none."""

    corners: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]
    coefficients: NDArray[np.float32]

    def part(self, chosen: NDArray[np.intp]) -> Rows:
        """The rows of these indices."""
        return Rows(self.corners[chosen], self.scores[chosen], self.classes[chosen], self.coefficients[chosen])


@dataclass(frozen=True)
class Form:
    """The form of output 0. classes: how many. end_to_end, masks: see above."""

    classes: int
    end_to_end: bool
    masks: bool

    @property
    def shape(self) -> tuple[int, int | str, int | str]:
        """Of output 0."""
        width = (END_TO_END if self.end_to_end else 4 + self.classes) + PROTOTYPES * self.masks
        return (1, "boxes", width) if self.end_to_end else (1, width, "anchors")

    def fits(self, shape: Sequence[Any]) -> bool:
        """Whether output 0 may have this shape; a side that is not a number is open."""
        same = zip(shape, self.shape, strict=False)
        return len(shape) == 3 and all(one == two for one, two in same if isinstance(one, int) and isinstance(two, int))

    def rows(self, raw: NDArray[Any]) -> Rows:
        """Read output 0, which fits."""
        table = np.nan_to_num(np.asarray(raw[0], np.float32))
        table = table if self.end_to_end else table.T
        box, rest = table[:, :4].astype(np.float64), table[:, 4:]
        if self.end_to_end:
            corners, scores, classes = box, rest[:, 0], np.rint(rest[:, 1]).astype(np.intp)
        else:
            corners = np.hstack([box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2])
            scores, classes = rest[:, : self.classes].max(axis=1), rest[:, : self.classes].argmax(axis=1)
        return Rows(corners, scores.astype(np.float64), classes, table[:, table.shape[1] - PROTOTYPES * self.masks :])


def form_of(session: OnnxSession, classes: int, size: tuple[int, int]) -> Form:
    """The form in which a network answers; ModelError for one that is not understood.

    classes: number of its names. size: (height, width) of an input, for a network whose file leaves the form open.
    """
    forms = [Form(classes, end_to_end, masks) for end_to_end in (False, True) for masks in (True, False)]
    shapes = session.output_shapes
    fitting = [form for form in forms if form.fits(shapes[0])]
    if len(fitting) > 1:
        shapes = [raw.shape for raw in session.run(np.zeros((1, 3, *size), np.float32))]
        fitting = [form for form in forms if form.fits(shapes[0])]
    if len(fitting) > 1:  # as many boxes as numbers for each
        fitting = [form for form in fitting if form.end_to_end == (session.metadata.get("end2end") == "True")]
    if not fitting:
        task = session.metadata.get("task", "")
        what = f"it is made for the task '{task}', and its" if task not in ("", "detect", "segment") else "its"
        known = ", ".join(str(form.shape).replace("'", "") for form in forms)
        raise session.error(
            f"{what} first output is {_words(shapes[0])}; expected one of {known} for {classes} classes"
        )
    return fitting[0]


def _words(shape: Sequence[Any]) -> str:
    return f"({', '.join(map(str, shape))})"
