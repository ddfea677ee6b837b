"""How a robot stood and walked: the tilt of its body and the forces of its feet over a run, as charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from app.drawing.chart import lines
from app.drawing.page import cell
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from behaviours.recording.recording import Recording
    from behaviours.recording.states import StateTable

MOST: Final = 1500
"""Points of a chart."""
TILT_DEG, FORCE_N = 20.0, 400.0
"""Least range of the charts."""
FEET: Final = {"fl": "front left", "fr": "front right", "hl": "hind left", "hr": "hind right"}


def tilts_deg(states: StateTable) -> NDArray[np.float64]:
    """(T,) degrees between the body's z axis and the vertical."""
    _, qx, qy, _ = states.poses("body")[:, 3:].T
    return np.asarray(np.degrees(np.arccos(np.clip(1.0 - 2.0 * (qx**2 + qy**2), -1.0, 1.0))))


def balance(recording: Recording | None) -> str:
    """The charts; "" for a run whose robot tells no forces of its feet."""
    try:
        states = recording.states() if recording is not None else None
    except ConfigError:  # damaged: the report says so elsewhere
        states = None
    if states is None or not states.feet:
        return ""
    charts = [_chart("Tilt of the body, degrees", states.time_s, tilts_deg(states), "opening", TILT_DEG, "degrees")]
    for foot in states.feet:
        title = f"Force of the foot {FEET.get(foot, foot)}, N"
        charts.append(_chart(title, states.time_s, states.column(f"foot_{foot}_n"), "torque", FORCE_N, "N"))
    return "\n".join(charts)


def _chart(
    title: str, times_s: NDArray[np.float64], values: NDArray[np.float64], colour: str, most: float, unit: str
) -> str:
    known = np.isfinite(values)
    step = max(1, -(-int(known.sum()) // MOST))
    points = list(zip(times_s[known][::step].tolist(), np.maximum(values[known][::step], 0.0).tolist(), strict=True))
    if not points:
        return ""
    return f'<p class="soft">{cell(title)}</p>{lines(title, points, colour, most=most, unit=unit)}'
