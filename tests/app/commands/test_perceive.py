"""`spot-grasp perceive` on saved pairs: what it finds, what it writes, and what it says about bad files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.perceive.saved_frame import parse_intrinsics, read_mask
from tests.support.onnx_files import channel_network
from tests.support.places import SHARED
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render

pytestmark = pytest.mark.slow

REAL_FRAMES = SHARED / "real_frames"
INTRINSICS = "552.0291,552.0291,320,240"
THERMOS = [[318, 140], [339, 140], [341, 175], [350, 205], [351, 318], [309, 318], [309, 205], [317, 175]]
"""Its outline in all three real frames, drawn by hand, (u, v)."""
Run = Callable[..., tuple[int, dict, str]]


@pytest.fixture(scope="module")
def view() -> View:
    return render(Cylinder(), camera_at((-0.5, 0.05, 0.62), (0.0, 0.0, 0.62)))


@pytest.fixture
def pair(tmp_path: Path, view: View) -> Path:
    """A folder with rgb.png, depth.npy and depth.png in millimetres, and mask.png."""
    millimetres = np.where(view.depth < 4, view.depth * 1000, 0).round().astype(np.uint16)
    cv2.imwrite(str(tmp_path / "rgb.png"), np.ascontiguousarray(view.rgb[..., ::-1]))
    cv2.imwrite(str(tmp_path / "depth.png"), millimetres)
    cv2.imwrite(str(tmp_path / "mask.png"), view.mask.astype(np.uint8) * 255)
    np.save(tmp_path / "depth.npy", millimetres)
    channel_network(tmp_path / "heatmap.onnx", 7, also=("Sign",))  # 1 in the mask
    return tmp_path


@pytest.fixture
def perceive(pair: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(**changes: str | None) -> tuple[int, dict, str]:
        options = {
            "rgb": pair / "rgb.png", "depth": pair / "depth.npy", "depth-scale": "0.001", "intrinsics": INTRINSICS,
            "label": "bottle", "mask": pair / "mask.png", "heatmap": pair / "heatmap.onnx", "out": pair / "out",
        } | {key.replace("_", "-"): value for key, value in changes.items()}  # fmt: skip
        given = [part for key, value in options.items() if value is not None for part in (f"--{key}", str(value))]
        code = main(["perceive", *given, "--json"], Interrupts())
        said = capsys.readouterr()
        assert said.out.count("\n") == (1 if said.out else 0)
        return code, json.loads(said.out) if said.out else {}, said.err

    return run


def test_the_pixel_its_depth_and_its_place_agree(perceive: Run, view: View) -> None:
    code, result, _ = perceive()
    assert code == 0
    assert result["found"]
    u, v = result["pixel"]
    assert view.mask[v, u]
    assert result["depth_m"] == pytest.approx(float(view.depth[v, u]), abs=0.005)
    assert result["position_m"] == pytest.approx(HAND_CAMERA.back_project(u, v, result["depth_m"]), abs=1e-4)
    assert np.linalg.norm(result["quaternion_wxyz"]) == pytest.approx(1.0, abs=1e-5)
    assert result["width_m"] == pytest.approx(0.066, abs=0.006)
    assert set(result["stage_s"]) == {"detector", "location", "heatmap", "pose"}
    assert all(value >= 0 for value in result["stage_s"].values())


def test_the_hand_comes_along_the_line_of_sight_with_its_jaws_level(perceive: Run) -> None:
    from perception.geometry import Pose

    w, x, y, z = perceive()[1]["quaternion_wxyz"]
    hand = Pose.from_quaternion((w, x, y, z)).rotation
    assert hand[2, 0] > 0.9, "the palm looks forward, as the camera does"
    assert abs(hand[1, 1]) > 0.95, "the bottle's axis, the picture's vertical, lies along the hand's y"


def test_a_grasp_from_above_can_be_asked_for(perceive: Run) -> None:
    level, steep = perceive(), perceive(approach="top")
    assert (level[0], steep[0]) == (0, 0)
    assert steep[1]["quaternion_wxyz"] != level[1]["quaternion_wxyz"]


def test_a_thing_is_found_without_any_network(perceive: Run, pair: Path) -> None:
    seen = render(Cylinder(height=0.06), camera_at((-0.35, 0.0, 1.0), (0.0, 0.0, 0.5)))
    np.save(pair / "depth.npy", np.where(seen.depth < 4, seen.depth * 1000, 0).round().astype(np.uint16))
    code, thing, err = perceive(mask=None, label="thing", approach="top", tilt="55")
    assert code == 0, err
    assert thing["label"] == "thing"
    u, v = thing["pixel"]
    assert seen.mask[v, u]


def test_pictures_appear_and_show_the_mask(perceive: Run, pair: Path, view: View) -> None:
    _, result, _ = perceive()
    for name in ("mask", "normals", "heatmap", "overlay"):
        picture = cv2.imread(result[name])
        assert picture.shape == (480, 640, 3), name
    assert np.array_equal(cv2.imread(result["mask"], cv2.IMREAD_GRAYSCALE) > 0, view.mask)
    assert json.loads((pair / "out" / "result.json").read_text()) == result
    assert not list((pair / "out").glob(".*")), "nothing half written is left"


def test_depth_as_picture_and_as_array_are_the_same(perceive: Run, pair: Path) -> None:
    one, other = perceive()[1], perceive(depth=pair / "depth.png")[1]
    assert (one["pixel"], one["depth_m"]) == (other["pixel"], other["depth_m"])


def test_depth_in_metres_needs_another_scale(perceive: Run, pair: Path, view: View) -> None:
    np.save(pair / "metres.npy", np.where(view.depth < 4, view.depth, np.nan))
    assert perceive(depth=pair / "metres.npy", depth_scale="1")[1]["depth_m"] == pytest.approx(
        perceive()[1]["depth_m"], abs=1e-3
    )


@pytest.mark.parametrize("shift_px", [-14, 0, 9])
def test_depth_beside_the_colour_is_moved_back(perceive: Run, pair: Path, view: View, shift_px: int) -> None:
    moved = np.roll(np.load(pair / "depth.npy"), shift_px, axis=1)
    np.save(pair / "moved.npy", moved)
    code, result, _ = perceive(depth=pair / "moved.npy")
    assert code == 0
    assert result["depth_shift_px"] == pytest.approx(shift_px, abs=2)
    assert result["depth_m"] == pytest.approx(float(view.depth[result["pixel"][1], result["pixel"][0]]), abs=0.01)


def test_nothing_there_is_a_reason_and_exit_code_1(perceive: Run, pair: Path) -> None:
    cv2.imwrite(str(pair / "grey.png"), np.full((480, 640, 3), 127, np.uint8))
    code, result, said = perceive(rgb=pair / "grey.png", mask=None, min_score="0.99")
    assert code == 1
    assert not result["found"]
    assert result["pixel"] is None
    assert "no bottle in the picture" in result["reason"]
    assert result["reason"] in said


def test_an_object_without_depth_is_a_reason(perceive: Run, pair: Path, view: View) -> None:
    depth = np.load(pair / "depth.npy")
    depth[cv2.dilate(view.mask.astype(np.uint8), np.ones((1, 81), np.uint8)) > 0] = 0
    np.save(pair / "hole.npy", depth)
    code, result, _ = perceive(depth=pair / "hole.npy")
    assert (code, result["mask"] is not None) == (1, True)
    assert "no depth on the bottle" in result["reason"]


def test_lengths_in_another_unit_are_told_with_the_scale_to_type(perceive: Run, pair: Path, view: View) -> None:
    np.save(pair / "metres.npy", np.where(view.depth < 4, view.depth, np.nan))
    code, _, said = perceive(depth=pair / "metres.npy")
    assert code == 2
    assert "with --depth-scale 1 it is" in said
    code, _, said = perceive(depth_scale="1")
    assert code == 2
    assert "with --depth-scale 0.001 it is" in said


def test_a_mask_saved_as_jpeg_is_the_same_mask(perceive: Run, pair: Path, view: View) -> None:
    for quality in (95, 60, 20):
        cv2.imwrite(str(pair / "mask.jpg"), view.mask.astype(np.uint8) * 255, [cv2.IMWRITE_JPEG_QUALITY, quality])
        found = read_mask(pair / "mask.jpg", view.mask.shape)
        assert (found != view.mask).sum() < 0.01 * view.mask.sum(), quality
    assert perceive(mask=pair / "mask.jpg")[1]["width_m"] == pytest.approx(perceive()[1]["width_m"], abs=0.002)


def test_masks_of_any_white_and_with_soft_edges_are_taken(pair: Path, view: View) -> None:
    soft = cv2.GaussianBlur(view.mask.astype(np.uint8) * 255, (3, 3), 0)
    for white in (view.mask.astype(np.uint8), view.mask.astype(np.uint16) * 65535, soft, cv2.merge([soft] * 3)):
        cv2.imwrite(str(pair / "other.png"), white)
        assert (read_mask(pair / "other.png", view.mask.shape) != view.mask).sum() < 0.01 * view.mask.sum()


def test_what_is_no_mask_is_told_with_what_to_type(perceive: Run, pair: Path, view: View) -> None:
    labels = view.mask.astype(np.uint8)
    labels[:100, :100], labels[300:, 500:] = 2, 3
    cut_out = np.dstack([view.rgb, view.mask.astype(np.uint8) * 255])
    pictures = {
        "labels.png": (labels, "values 1, 2, 3"), "labels.jpg": (labels * 80, "label picture"),
        "dark.jpg": (labels, "label picture"), "cut.png": (cut_out, "[..., 3]"),
        "colour.png": (view.rgb, "has colours"),
        "colour.jpg": (view.rgb, "has colours"), "white.png": (np.full(labels.shape, 255, np.uint8), "white all over"),
    }  # fmt: skip
    for name, (picture, words) in pictures.items():
        cv2.imwrite(str(pair / name), picture)
        code, _, said = perceive(mask=pair / name)
        assert code == 2, name
        assert words in said, name


@pytest.mark.parametrize(
    ("intrinsics", "words"),
    [
        ("1104,1104,640,360", "that of a picture of 1280x720"), ("552,552,424,240", "that of a picture of 848x480"),
        ("276,276,160,120", "that of a picture of 320x240"), ("552,552,700,240", "far from its middle"),
        ("552,552,320,0", "far from its middle"), ("1e-300,552,320,240", "no lens"), ("552,1e300,320,240", "no lens"),
        ("0.5,0.5,320,240", "no lens"), ("nan,552,320,240", "fx,fy,cx,cy"),
    ],
)  # fmt: skip
def test_intrinsics_of_another_picture_are_told(perceive: Run, intrinsics: str, words: str) -> None:
    code, _, said = perceive(intrinsics=intrinsics)
    assert code == 2
    assert words in said


@pytest.mark.parametrize("intrinsics", ["552.0291,552.0291,320,240", "615.3,614.9,312.7,248.1", "400,400,380,200"])
def test_intrinsics_of_calibrated_cameras_are_taken(intrinsics: str) -> None:
    assert parse_intrinsics(intrinsics, (480, 640)).width == 640


def test_bad_files_and_options_are_one_line_each(perceive: Run, pair: Path) -> None:
    (pair / "junk.png").write_bytes(b"\x89PNG not one")
    (pair / "junk.npy").write_bytes(b"\x93NUMPY")
    np.save(pair / "small.npy", np.ones((240, 320), np.uint16))
    np.save(pair / "stack.npy", np.ones((2, 480, 640), np.uint16))
    np.save(pair / "words.npy", np.full((480, 640), "x"))
    np.save(pair / "zero.npy", np.zeros((480, 640), np.uint16))
    cv2.imwrite(str(pair / "byte.png"), np.ones((480, 640), np.uint8))
    cv2.imwrite(str(pair / "black.png"), np.zeros((480, 640), np.uint8))
    cases: list[tuple[dict[str, object], str]] = [
        ({"rgb": pair / "no.png"}, "no such file"),
        ({"rgb": pair}, "is a folder"),
        ({"rgb": pair / "junk.png"}, "not a picture"),
        ({"depth": pair / "no.npy"}, "no such file"),
        ({"depth": pair / "junk.npy"}, "not a readable .npy"),
        ({"depth": pair / "small.npy"}, "320x240"),
        ({"depth": pair / "stack.npy"}, "one number a pixel"),
        ({"depth": pair / "words.npy"}, "one number a pixel"),
        ({"depth": pair / "zero.npy"}, "not one pixel has depth"),
        ({"depth": pair / "byte.png"}, "8 bits"),
        ({"depth_scale": "0"}, "must be above 0"),
        ({"depth_scale": "nan"}, "must be above 0"),
        ({"intrinsics": "552,552,320"}, "fx,fy,cx,cy"),
        ({"intrinsics": "552,0,320,240"}, "fx,fy,cx,cy"),
        ({"intrinsics": "a,b,c,d"}, "fx,fy,cx,cy"),
        ({"mask": pair / "black.png"}, "black all over"),
        ({"mask": pair / "junk.png"}, "not a picture"),
        ({"min_score": "2"}, "0 to 1"),
        ({"tilt": "100"}, "--tilt"),
        ({"label": "sofa", "mask": None}, "does not know: sofa"),
        ({"heatmap": pair / "no.onnx"}, "no.onnx"),
    ]
    for changes, words in cases:
        code, result, said = perceive(**changes)
        assert (code, result) == (2, {}), changes
        assert words in said, (changes, said)
        assert said.count("\n") == 1, said


def test_a_place_that_cannot_be_written_is_told(perceive: Run, pair: Path) -> None:
    (pair / "file").write_text("in the way")
    code, _, said = perceive(out=pair / "file")
    assert code == 2
    assert "cannot write" in said


@pytest.mark.skipif(not REAL_FRAMES.is_dir(), reason="the real frames are not here")
def test_a_real_thermos_at_the_depth_of_its_near_surface(perceive: Run, pair: Path) -> None:
    for name in ("20250428154010", "20250428154148", "20250428154154"):
        mask = np.zeros((480, 640), np.uint8)
        cv2.fillPoly(mask, [np.array(THERMOS)], 255)
        cv2.imwrite(str(pair / "real.png"), mask)
        code, result, _ = perceive(
            rgb=REAL_FRAMES / f"rgb_{name}.png", depth=REAL_FRAMES / f"depth_{name}.npy", mask=pair / "real.png"
        )
        assert code == 0, name
        assert -17 <= result["depth_shift_px"] <= -9
        assert result["depth_m"] == pytest.approx(0.790, abs=0.02)
        assert result["width_m"] == pytest.approx(0.0625, abs=0.01)
