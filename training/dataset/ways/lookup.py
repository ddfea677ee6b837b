"""Soft labels for the pixels of a view: what came of the grasps near in place and in direction.

A view's pixel and way ask for a surface point and a jaw axis; `training.dataset.ways.labels` tried grasps at random
points with random axes. Those within REACH_M on a surface that faces the same way, with a jaw axis within TURN_RAD, are
averaged. Jaws closed along an axis or, turned by half, along its opposite count as the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from perception.grasping.family import WAYS, Way, applies, rotation_of

Array = NDArray[np.float64]
REACH_M: Final = 0.015
AGREE_COS: Final = float(np.cos(np.radians(45.0)))
TURN_RAD: Final = float(np.radians(22.5))
"""Half the angle between two rolls of the ways from above."""
LEAST: Final = 3
"""Grasps that must be near for a label to be known."""


class WayLookup:
    """The grasps of an object as it lies in one way, `rest`, from the arrays of its file of way labels."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], rest: int) -> None:
        held = np.zeros(len(arrays["way"]), bool)
        held[arrays["asked"]] = arrays["held"]
        width = np.full(len(held), np.nan)
        width[arrays["asked"]] = np.diff(arrays["span_m"], axis=1).reshape(-1)
        here = arrays["rest"] == rest
        sample = arrays["sample"][here]
        self._points, self._normals = arrays["points"][rest][sample], arrays["normals"][rest][sample]
        self._axis, self._held, self._width_m = arrays["axis"][here], held[here], width[here]
        kinds = [(WAYS[way].approach, WAYS[way].depth) for way in arrays["way"][here]]
        self._trees = {}
        for kind in set(kinds):
            index = np.flatnonzero([one == kind for one in kinds])
            self._trees[kind] = (index, cKDTree(self._points[index]))
        self._rotation = arrays["rests"][rest][:3, :3]

    def soft_label(self, way: Way, point: Array, normal: Array, heading: Array) -> tuple[float, float]:
        """(share of the near grasps that held, mean span of those in metres) of a way at a surface point.

        point, normal: (3,) object frame. heading: (3,), the camera's, world frame. (nan, nan) where too few grasps are
        near; a span of nan where geometry rules them all out. A way that does not apply there never holds.
        """
        outwards = self._rotation @ normal
        if not applies(way, outwards):
            return 0.0, float("nan")
        axis = self._rotation.T @ rotation_of(way, outwards, heading)[:, 2]
        if (way.approach, way.depth) not in self._trees:
            return float("nan"), float("nan")
        index, tree = self._trees[way.approach, way.depth]
        near = index[tree.query_ball_point(point, REACH_M)]
        alike = (self._normals[near] @ normal > AGREE_COS) & (np.abs(self._axis[near] @ axis) > np.cos(TURN_RAD))
        near = near[alike]
        if len(near) < LEAST:
            return float("nan"), float("nan")
        widths = self._width_m[near]
        known = widths[np.isfinite(widths)]
        return float(self._held[near].mean()), float(known.mean()) if known.size else float("nan")
