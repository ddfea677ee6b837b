"""Speed of the perception's stages, as ratios to a reference in the same run; pytest-benchmark shows the times.

The references: of the detector ultralytics' own way to run the same file, of the depth repair and of the normals their
formulas in plain numpy, of the heatmap the same network in torch. The pose has none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.detection.settings import DetectionSettings
from perception.surface.depth import level_range, near_cluster
from perception.surface.normals import d2nt_normals
from perception.surface.registration import object_depth
from perception.types import Intrinsics
from tests.support.places import SHARED
from tests.support.synthetic import Cylinder, View, camera_at, render

pytest.importorskip("pytest_benchmark")

pytestmark = pytest.mark.slow
SAMPLE = SHARED / "normals_sample"


def reference_d2nt(depth: NDArray[Any], k: Intrinsics) -> NDArray[np.float64]:
    """D2NT v3 written straight from its formulas with whole-array numpy in double precision: gradients with the
    unit-free weights of the two sides, then the normal of the smoothest neighbour."""
    z = np.asarray(depth, np.float64)
    u, v = np.meshgrid(np.arange(z.shape[1]) - k.cx, np.arange(z.shape[0]) - k.cy)

    def gradient(axis: int) -> NDArray[np.float64]:
        before, after = np.roll(z, 1, axis), np.roll(z, -1, axis)
        left, right = z - before, after - z
        rough = np.abs(left - right)
        rough_left, rough_right = np.roll(rough, 1, axis), np.roll(rough, -1, axis)
        mean = np.maximum((rough_left + rough_right) / 2, 1e-30)
        weight = np.exp(-rough_left / mean) / (np.exp(-rough_left / mean) + np.exp(-rough_right / mean))
        weight = np.where(rough_left > np.e * rough_right, 0.0, np.where(rough_right > np.e * rough_left, 1.0, weight))
        return weight * left + (1 - weight) * right

    zu, zv = gradient(1), gradient(0)
    normals = np.stack([k.fx * zu, k.fy * zv, -(z + u * zu + v * zv)], axis=-1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    around = [np.roll(z, by, axis) for axis in (0, 1) for by in (-1, 1)]
    rough = np.abs(4 * z - np.sum(around, axis=0))
    shifts = [(0, 0), (-1, 0), (1, 0), (-1, 1), (1, 1)]
    stack = np.stack([np.roll(rough, by, axis) for by, axis in shifts])
    best = stack.argmin(axis=0)
    result = np.zeros_like(normals)
    for index, (by, axis) in enumerate(shifts):
        result = np.where((best == index)[..., None], np.roll(normals, by, axis), result)
    return result


def sample() -> tuple[NDArray[np.float32], NDArray[np.float64], Intrinsics]:
    if not SAMPLE.is_dir():
        pytest.skip("the sample with true normals is not here")
    import cv2

    depth = np.fromfile(SAMPLE / "depth.bin", np.float32).reshape(480, 640)
    picture = cv2.imread(str(SAMPLE / "normal.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    fx, fy, cx, cy = (float(word) for word in (SAMPLE / "params.txt").read_text().split()[:4])
    return depth, 1.0 - 2.0 * picture.astype(np.float64) / 65535.0, Intrinsics(640, 480, fx, fy, cx, cy)


def bottle() -> View:
    return render(Cylinder(), camera_at((-0.5, 0.05, 0.66), (0.0, 0.0, 0.6)))


def mean_angle(normals: NDArray[Any], truth: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    one, two = normals[where].astype(np.float64), truth[where]
    two = two / np.linalg.norm(two, axis=1, keepdims=True)
    return float(np.degrees(np.arccos(np.clip(np.abs((one * two).sum(axis=1)), 0, 1))).mean())


def quickest(function: Callable[[], Any], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    best = float("inf")
    for _ in range(times):
        started = clock()
        function()
        best = min(best, clock() - started)
    return best


def test_normals_are_as_right_as_the_reference() -> None:
    depth, truth, camera = sample()
    where = depth != 1.0
    ours, theirs = (mean_angle(way(depth, camera), truth, where) for way in (d2nt_normals, reference_d2nt))
    assert theirs < 0.65
    assert ours == pytest.approx(theirs, abs=0.05)


def compared(
    benchmark: Any, ours: Callable[[], Any], reference: Callable[[], Any], name: str, **clock: Callable[[], float]
) -> float:
    """How many times quicker than the reference, the quickest of each by that clock."""
    theirs = quickest(reference, 5, **clock)
    benchmark.pedantic(ours, rounds=20, warmup_rounds=3)
    ratio = theirs / quickest(ours, 10, **clock)
    benchmark.extra_info[f"times quicker than {name}"] = round(ratio, 1)
    return ratio


def test_normals_are_much_quicker_than_the_reference(benchmark: Any) -> None:
    """Some 20 times with AVX2, 10 without, in processor time: what else the machine does is left out."""
    depth, _, camera = sample()
    ours, reference = (lambda: d2nt_normals(depth, camera)), (lambda: reference_d2nt(depth, camera))
    assert compared(benchmark, ours, reference, "numpy", clock=time.thread_time) >= 4


def reference_shift(depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float, limit_m: float) -> int:
    """The idea of `perception.surface.registration.registration_shift` in plain numpy: each shift is tried on the whole
    picture."""
    layer = near_cluster(depth, mask)
    assert layer is not None
    limit = round(focal_px * limit_m / layer.middle_m)
    beside = np.any([np.roll(mask, by, axis=1) for by in range(-limit, limit + 1)], axis=0) & ~mask
    share = np.sqrt(mask.sum() / beside.sum())
    signed = layer.contains(depth).astype(float) - 0.5 * (depth > 1.5 * layer.high_m - 0.5 * layer.low_m)
    shifts = range(-limit, limit + 1)
    moved = (np.roll(signed, -by, axis=1) for by in shifts)
    return shifts[int(np.argmax([one[mask].sum() - share * one[beside].sum() for one in moved]))]


def test_depth_repair(benchmark: Any) -> None:
    view, beside_px = bottle(), 7
    depth = np.roll(view.depth, beside_px, axis=1)
    camera, pose = view.intrinsics, view.world_from_camera

    def reference() -> int:
        return reference_shift(level_range(depth, camera, pose), view.mask, camera.fx, 0.022)

    compared(benchmark, lambda: object_depth(depth, view.mask, camera, pose), reference, "numpy, the shift alone")
    assert abs(reference() - beside_px) <= 1
    assert abs(object_depth(depth, view.mask, camera, pose).shift_px - beside_px) <= 1


ZOOMS = DetectionSettings().zooms


@pytest.mark.parametrize("zooms", [ZOOMS[:1], ZOOMS[:2], ZOOMS], ids=["one look", "two looks", "all looks"])
def test_the_whole_perception_of_a_frame(benchmark: Any, zooms: tuple[float, ...]) -> None:
    """The shipped networks on an analytic bottle: time and share of each stage are printed, not judged, because the
    machine decides them; that every stage runs is judged."""
    from perception.detection.detector import OnnxDetector
    from perception.pipeline import perceive
    from perception.quality.heatmap import OnnxHeatmap
    from perception.types import Detection, Grasp, RgbdFrame

    view = bottle()
    network, heatmap = OnnxDetector(settings=DetectionSettings(zooms=zooms)), OnnxHeatmap()

    class Both:
        labels = ("bottle",)

        """The network runs on every call; the rendered mask stands in for what it finds of a plain cylinder."""

        def detect(self, frame: RgbdFrame, labels: Any, min_score: float, enough: Any = None) -> list[Detection]:
            network.detect(frame, labels, min_score)
            return [view.detection()]

    found = benchmark.pedantic(
        lambda: perceive(view.frame(), Both(), heatmap, labels=("bottle",), gripper=SPOT.gripper),
        rounds=5,
        warmup_rounds=2,
    )
    assert isinstance(found.grasp, Grasp)
    assert tuple(found.seconds) == ("detector", "location", "heatmap", "pose")
    benchmark.extra_info |= {stage: f"{1000 * value:.1f} ms" for stage, value in found.seconds.items()}


def test_a_grasp_of_all_ways(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time and share of what `approach="any"` adds: the network of the ways if it ships, what is around the object, the
    checks of the candidates, and making and ranking them. Printed, not judged; that each runs is judged."""
    from perception.detection.detector import OnnxDetector
    from perception.grasping import propose
    from perception.pipeline import perceive
    from perception.quality.heatmap import OnnxHeatmap
    from perception.quality.way_maps import OnnxWays, shipped, with_ways
    from perception.types import Detection, RgbdFrame

    view = render(Cylinder(height=0.05, radius=0.03), camera_at((-0.4, 0.05, 0.95), (0.0, 0.0, 0.52)))
    network, heatmap = OnnxDetector(), with_ways(OnnxHeatmap(), None)
    spent: dict[str, float] = {}

    def timed(owner: Any, name: str, stage: str) -> None:
        original = getattr(owner, name)

        def measured(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return original(*arguments, **options)
            finally:
                spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - started

        monkeypatch.setattr(owner, name, measured)

    class Both:
        labels = ("bottle",)

        """As in the test above."""

        def detect(self, frame: RgbdFrame, labels: Any, min_score: float, enough: Any = None) -> list[Detection]:
            network.detect(frame, labels, min_score)
            return [view.detection()]

    timed(OnnxWays, "predict", "ways")
    timed(propose, "surroundings", "surroundings")
    timed(propose, "clearances", "checks")

    def once() -> dict[str, float]:
        spent.clear()
        frame, options = view.frame(), {"gripper": SPOT.gripper, "tips": SPOT.tips}
        found = perceive(frame, Both(), heatmap, labels=("bottle",), approach="top", **options)
        stages = {**found.seconds, **spent}
        stages["heatmap"] -= stages.get("ways", 0.0)
        stages["proposals"] = stages.pop("pose") - stages["surroundings"] - stages["checks"]
        return stages

    stages = benchmark.pedantic(once, rounds=5, warmup_rounds=2)
    expected = {"detector", "location", "heatmap", "surroundings", "checks", "proposals"}
    assert set(stages) == expected | ({"ways"} if shipped() else set())
    whole = sum(stages.values())
    shares = {stage: f"{1000 * value:.1f} ms, {100 * value / whole:.0f} %" for stage, value in stages.items()}
    benchmark.extra_info |= {**shares, "sum": f"{1000 * whole:.1f} ms"}


def test_the_heatmap_network(benchmark: Any) -> None:
    torch = pytest.importorskip("torch")
    from perception.quality.heatmap import DEFAULT_WEIGHTS, OnnxHeatmap
    from perception.quality.preprocess import MASK_CHANNEL, heatmap_input
    from training.common.onnx_weights import load_exported
    from training.heatmap.unet import GraspUNet

    view = bottle()
    tensor, _ = heatmap_input(view.rgb, view.depth, view.mask, view.intrinsics, view.world_from_camera)
    network, ours = GraspUNet(), OnnxHeatmap()
    load_exported(network, DEFAULT_WEIGHTS)
    network.eval()

    def reference() -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(torch.sigmoid(network(torch.from_numpy(tensor[None])))[0, 0])

    compared(benchmark, lambda: ours.quality(tensor), reference, "torch")
    on = tensor[MASK_CHANNEL] > 0
    difference = np.abs(ours.quality(tensor) - reference())[on]
    assert difference.mean() < 0.05, "they differ by the window about the object, which ours alone has"


@pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
def test_the_detector(benchmark: Any) -> None:
    from perception.detection.detector import DEFAULT_WEIGHTS, OnnxDetector
    from training.detector.torchvision_stub import import_ultralytics

    frame, ours = bottle().frame(), OnnxDetector()
    theirs = import_ultralytics().YOLO(str(DEFAULT_WEIGHTS), task="segment")
    picture = np.ascontiguousarray(frame.rgb[..., ::-1])

    def reference() -> Any:
        return theirs.predict(picture, imgsz=frame.intrinsics.shape, conf=0.25, verbose=False)

    found = reference()  # the first call loads the file
    compared(
        benchmark, lambda: ours.detect(frame, ("bottle",), 0.25), reference, "ultralytics, at one scale of our three"
    )
    assert "bottle" in found[0].names.values()


def test_a_look_with_depth_and_names(benchmark: Any) -> None:
    from perception.detection.detector import OnnxDetector
    from perception.detection.look import look_for

    frame, ours = bottle().frame(), OnnxDetector()
    compared(
        benchmark,
        lambda: look_for(ours, frame, ("bottle",), 0.25),
        lambda: ours.detect(frame, ("bottle",), 0.25),
        "the detector alone",
    )
    assert [one.label for one in look_for(ours, frame, ("bottle",), 0.25)] == ["bottle"]
