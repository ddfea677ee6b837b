"""Eq. 1-3 and its inverse, and what the value types refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose
from perception.types import Detection, Heatmap, Intrinsics, RgbdFrame

CAMERA = Intrinsics(640, 480, 552.03, 552.03, 320.0, 240.0)


@given(u=st.floats(0, 639), v=st.floats(0, 479), depth=st.floats(0.1, 4.0))
def test_projection_undoes_back_projection(u: float, v: float, depth: float) -> None:
    point = CAMERA.back_project(u, v, depth)
    assert point[2] == depth
    assert CAMERA.project(point) == pytest.approx([u, v], abs=1e-9)


def test_back_projection_by_hand() -> None:
    assert CAMERA.back_project(320 + 552.03, 240, 1.0) == pytest.approx([1.0, 0.0, 1.0])
    assert CAMERA.back_project(320, 240 - 552.03, 2.0) == pytest.approx([0.0, -2.0, 2.0])
    assert CAMERA.back_project(np.zeros((4, 1)), np.zeros(5), 1.0).shape == (4, 5, 3)


@pytest.mark.parametrize("values", [(0, 1, 1.0, 1.0), (1, 1, 0.0, 1.0), (1, 1, 1.0, float("nan"))])
def test_what_is_no_camera_is_refused(values: tuple[int, int, float, float]) -> None:
    with pytest.raises(ValueError, match="not a camera"):
        Intrinsics(*values, 0.0, 0.0)


def frame(rgb: np.ndarray | None = None, depth: np.ndarray | None = None) -> RgbdFrame:
    rgb = np.zeros((480, 640, 3), np.uint8) if rgb is None else rgb
    depth = np.ones((480, 640), np.float32) if depth is None else depth
    return RgbdFrame(rgb, depth, CAMERA, Pose.identity(), 0.0)


def test_a_frame_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        frame().depth[0, 0] = 2.0


@pytest.mark.parametrize(
    ("kind", "array", "message"),
    [
        ("rgb", np.zeros((640, 480, 3), np.uint8), r"rgb is uint8 \(640, 480, 3\), expected uint8 \(480, 640, 3\)"),
        ("rgb", np.zeros((480, 640, 3), np.float32), "rgb is float32"),
        ("depth", np.zeros((480, 640), np.uint16), "depth is uint16"),
        ("depth", np.full((480, 640), np.nan, np.float32), "no return is 0"),
        ("depth", np.full((480, 640), -1.0, np.float32), "no return is 0"),
        ("depth", None, "expected"),
    ],
)
def test_a_frame_checks_its_arrays(kind: str, array: np.ndarray, message: str) -> None:
    if array is None:
        array = [[1.0]]
    with pytest.raises(ValueError, match=message):
        frame(**{kind: array})


def test_masks_and_heatmaps_have_one_type() -> None:
    with pytest.raises(ValueError, match=r"Detection\.mask is uint8"):
        Detection("bottle", 0.9, np.zeros((4, 4), np.uint8), (0, 0, 1, 1))
    with pytest.raises(ValueError, match="expected"):
        Heatmap(np.zeros((4, 4, 1), np.float32))
