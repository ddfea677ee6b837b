"""The network of the ways, from labels to a file that a run can use, on tiny data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError, ModelError  # noqa: E402
from perception.hand.family import WAYS  # noqa: E402
from perception.quality import way_input  # noqa: E402
from perception.quality.heatmap import DEFAULT_WEIGHTS  # noqa: E402
from perception.quality.way_maps import OnnxWays  # noqa: E402
from tests.support.synthetic import Cylinder, camera_at, render  # noqa: E402
from training.dataset import array_folder  # noqa: E402
from training.dataset.folder import claim, npz_bytes  # noqa: E402
from training.dataset.ways.catalogue import WayPlan  # noqa: E402
from training.dataset.ways.labels import SCHEMA  # noqa: E402
from training.dataset.ways.targets import pack, unpack  # noqa: E402
from training.heatmap import build_way_arrays  # noqa: E402
from training.heatmap.arrays import training_arrays  # noqa: E402
from training.heatmap.export import export_heatmap  # noqa: E402
from training.heatmap.recipes import MIRRORED, mirror, recipe_for  # noqa: E402
from training.heatmap.samples import Samples  # noqa: E402
from training.heatmap.start_weights import begin_with  # noqa: E402
from training.heatmap.train import make_network, train  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up labels of four tins that lie flat: from above, only what closes along x in the object's frame holds."""
    folder: Path = tmp_path_factory.mktemp("labels")
    plan = WayPlan(4, ("tin",), 0, (), None, 1, 60, 0)
    claim(plan, SCHEMA, folder)
    rng = np.random.default_rng(0)
    for job in plan.jobs:
        item = job.object()
        half = item.vertices[:, :2].max(axis=0)
        points = np.stack([*(rng.uniform(-0.9, 0.9, (60, 2)) * half).T, np.full(60, item.height_m)], axis=1)
        yaw = rng.uniform(-np.pi, np.pi, 120)
        axes = np.stack([np.cos(yaw), np.sin(yaw), np.zeros(120)], axis=1)
        asked = np.flatnonzero(np.abs(axes[:, 0]) > 0.8)
        arrays: dict[str, Any] = {
            "rests": np.eye(4)[None],
            "points": points[None],
            "normals": np.tile([0.0, 0.0, 1.0], (1, 60, 1)),
            "rest": np.zeros(120, np.int16),
            "sample": np.arange(120, dtype=np.int32) % 60,
            "way": np.full(120, [way.name for way in WAYS].index("top-0-tips"), np.int8),
            "axis": axes,
            "asked": asked,
            "held": np.ones(len(asked), bool),
        }
        (folder / job.file).parent.mkdir(exist_ok=True)
        (folder / job.file).write_bytes(npz_bytes(**arrays))
    return folder


@pytest.fixture(scope="module")
def arrays(labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_way_arrays, "SCENES", 1)
        return training_arrays(labels, "ways", tmp_path_factory.mktemp("arrays"))


@pytest.fixture(scope="module")
def run(arrays: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("run")
    train(arrays, out, recipe_for("ways", epochs=1, batch=4), start=DEFAULT_WEIGHTS)
    return out


def test_labels_become_samples_of_seen_objects_with_sparse_targets(arrays: Path) -> None:
    inputs, packed, manifest = array_folder.load(arrays)
    assert inputs.shape[1:] == (way_input.CHANNELS, way_input.SIZE_PX, way_input.SIZE_PX)
    assert manifest["objects"] == 4
    known = np.stack([unpack(one) for one in packed])
    tops = [index for index, way in enumerate(WAYS) if way.approach == "top"]
    assert (known[:, [index for index in range(len(WAYS)) if index not in tops]] == -1).all()
    assert 0.2 < (known == 1).sum() / (known >= 0).sum() < 0.7
    inside = np.asarray(inputs[:, way_input.MASK_CHANNEL]) > 0
    assert not (np.asarray(packed) != 0)[~inside].mean() > 0.02, "the mask's edge may be off by two pixels"


def test_equal_labels_give_equal_arrays_with_however_many_processes(
    labels: Path, arrays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_way_arrays, "SCENES", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again = array_folder.load(training_arrays(labels, "ways", tmp_path))[2]
    assert again == array_folder.load(arrays)[2]


def test_arrays_of_one_network_do_not_train_another(arrays: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="recipe lift"):
        train(arrays, tmp_path, recipe_for("lift"))


def test_a_run_measures_the_ways_and_its_export_gives_maps_of_them(run: Path, tmp_path: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert set(config["baselines"]) == {"way"}
    model = OnnxWays(export_heatmap(run, tmp_path))
    view = render(Cylinder(), camera_at((-0.5, 0.0, 0.75), (0.0, 0.0, 0.61))).seen()
    maps = model.predict(view)
    assert maps.quality.shape == (len(WAYS), way_input.SIZE_PX, way_input.SIZE_PX)
    v, u = (int(axis.mean()) for axis in np.nonzero(view.detection.mask))
    assert ((maps.at((u, v)) > 0) & (maps.at((u, v)) < 1)).all()
    assert not maps.at((0, 0)).any(), "the corner is outside the square"
    with pytest.raises(ModelError, match="ways"):
        OnnxWays(DEFAULT_WEIGHTS)


def test_a_network_of_the_ways_begins_with_the_features_of_the_heatmap_s(arrays: Path) -> None:
    recipe = recipe_for("ways")
    network = make_network(recipe.layout)
    before = network.get_parameter("logit.weight").detach().clone()
    begin_with(network, DEFAULT_WEIGHTS, Samples.open(arrays), recipe)
    narrow = make_network("U1")
    begin_with(narrow, DEFAULT_WEIGHTS, _heatmap_samples(), recipe_for("lift"))
    stem, had = network.get_parameter("stem.0.weight"), narrow.get_parameter("stem.0.weight")
    assert torch.equal(stem[:, : way_input.MASK_CHANNEL], had[:, : way_input.MASK_CHANNEL])
    assert not stem[:, way_input.MASK_CHANNEL :].any()
    assert torch.equal(network.get_parameter("ups.0.up.weight"), narrow.get_parameter("ups.0.up.weight"))
    assert torch.equal(network.get_parameter("logit.weight"), before)


def _heatmap_samples() -> Samples:
    inputs = np.random.default_rng(0).random((2, 8, 64, 64)).astype(np.float16)
    rows = np.arange(2)
    return Samples(inputs, np.zeros((2, 64, 64), np.int8), rows, rows, rows, ("can-1", "can-2"), {"samples": []})


def test_in_the_mirror_jaws_rolled_to_the_left_are_rolled_to_the_right() -> None:
    names = [WAYS[index].name for index in MIRRORED]
    swapped = {"top-45-wrap": "top-135-wrap", "top-45-tips": "top-135-tips"}
    swapped |= {right: left for left, right in swapped.items()}
    assert names == [swapped.get(way.name, way.name) for way in WAYS]
    known = np.zeros((len(WAYS), 4, 4), bool)
    known[names.index("top-45-tips"), 1, 0] = True
    labels = torch.from_numpy(unpack(pack(known, known)).astype(np.float32))[None]
    mirrored = mirror(torch.zeros(1, 10, 4, 4), labels, torch.tensor([True]))[1]
    (place,) = torch.nonzero(mirrored == 1).tolist()
    assert place == [0, [way.name for way in WAYS].index("top-45-tips"), 1, 3]


def test_heights_are_above_the_support_and_the_square_has_a_fixed_size_in_metres() -> None:
    for away in (0.5, 0.8):
        seen = render(Cylinder(), camera_at((-away, 0.0, 0.9), (0.0, 0.0, 0.61)))
        tensor, crop = way_input.way_input(seen.seen())
        far = float(np.median(seen.depth[seen.mask]))
        assert crop.side_px == pytest.approx(way_input.SIDE_M * seen.intrinsics.fx / far, rel=0.1)
        inside = tensor[way_input.MASK_CHANNEL] > 0
        heights = tensor[8][inside]
        assert heights.max() * way_input.HEIGHT_M == pytest.approx(Cylinder().height, abs=0.03)
        assert heights.min() > -0.2
