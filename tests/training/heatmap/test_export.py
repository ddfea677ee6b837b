"""Export: the file gives what the trained network gives, says what it is, and names no folder of this machine."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.support.places import ROOT
from tests.support.synthetic import Cylinder, camera_at, render

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError, ModelError  # noqa: E402
from perception.networks.onnx_file import read_model  # noqa: E402
from perception.quality import preprocess  # noqa: E402
from perception.quality.heatmap import OnnxHeatmap  # noqa: E402
from perception.types import RgbdFrame  # noqa: E402
from tests.support.onnx_files import channel_network  # noqa: E402
from training import export  # noqa: E402
from training.common.model_card import ModelCard  # noqa: E402
from training.common.onnx_export import PRIVATE, parity  # noqa: E402
from training.heatmap.export import export_heatmap  # noqa: E402
from training.heatmap.unet import GraspUNet  # noqa: E402

pytestmark = pytest.mark.slow

needs_ultralytics = pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
MEASURES = {"auroc": 0.91234567, "average_precision": 0.8, "precision_at_1": 0.95, "ece": 0.03, "good_share": 0.4}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of train_heatmap with random weights."""
    folder: Path = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    metrics = {"epoch": 3.0, "train_loss": 0.4, "loss": 0.5, **MEASURES, "seconds": 12.0}
    torch.save({"network": GraspUNet().state_dict(), "metrics": metrics}, folder / "best.pt")
    config = {
        "parameters": 5_440_465,
        "epochs": 4,
        "baselines": {"centroid": {"auroc": 0.6}, "height": {"auroc": 0.7, "ece": 0.1}},
        "data": {"count": 1234, "sha256_inputs": "ab12"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_heatmap(run, tmp_path_factory.mktemp("weights"))


def test_the_program_runs_what_was_exported(run: Path, exported: Path) -> None:
    view = render(Cylinder(), camera_at((-0.5, 0.0, 0.75), (0.0, 0.0, 0.61)))
    frame = RgbdFrame(view.rgb, view.depth.astype(np.float32), view.intrinsics, view.world_from_camera, 0.0)
    heatmap = OnnxHeatmap(exported).predict(view.seen())
    tensor, crop = preprocess.heatmap_input(
        frame.rgb, frame.depth, view.mask, frame.intrinsics, frame.world_from_camera
    )
    network = GraspUNet().eval()
    network.load_state_dict(torch.load(run / "best.pt", weights_only=True)["network"])
    seen = preprocess.window(tensor[7] > 0)
    assert tensor[(0, *seen)].size <= 0.75 * tensor[0].size
    quality = np.zeros(tensor.shape[1:], np.float32)
    with torch.no_grad():
        part = network(torch.from_numpy(tensor[(None, slice(None), *seen)]))
        quality[seen] = torch.sigmoid(part)[0, 0].numpy()
    assert np.abs(heatmap.quality - crop.paste(quality, view.intrinsics.shape)).max() < 2e-3
    assert np.ptp(heatmap.quality[view.mask]) > 1e-3


def test_the_file_says_what_it_is(exported: Path) -> None:
    model = onnx.load(str(exported))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["preprocessing_version"] == str(preprocess.VERSION)
    assert metadata["training_data"] == "ab12"
    assert 0.0 < float(metadata["parity_max_abs"]) < 2e-3
    assert json.loads(metadata["validation"])["auroc"] == 0.9123
    assert [item.name for item in (*model.graph.input, *model.graph.output)] == ["input", "quality"]
    assert exported.stat().st_size < 11e6


def test_weights_are_stored_with_16_bits_and_read_with_32(run: Path, exported: Path) -> None:
    trained = torch.load(run / "best.pt", weights_only=True)["network"]
    stored = {item.name: item for item in onnx.load(str(exported)).graph.initializer}
    read = {item.name: onnx.numpy_helper.to_array(item) for item in read_model(exported).graph.initializer}
    halves = [name for name in stored if name.endswith(":half")]
    assert sum(np.prod(stored[name].dims) for name in halves) > 0.98 * sum(item.numel() for item in trained.values())
    for name in halves:
        wide = read[name.removesuffix(":half")]
        assert wide.dtype == np.float32
        assert (wide == onnx.numpy_helper.to_array(stored[name])).all()


def test_the_card_holds_the_recorded_numbers(exported: Path) -> None:
    text = exported.with_suffix(".md").read_text()
    for line in (
        "| count | 1234 |",
        "| parameters | 5440465 |",
        "| auroc | 0.9123 | 0.6 | 0.7 |",
        "| ece | 0.03 |  | 0.1 |",
    ):
        assert line in text
    assert "seconds" not in text
    assert export.UNSTATED in text, "whoever trained it chooses its licence"
    assert "That of this repository" not in text
    assert f"{exported.stat().st_size / 1e6:.1f} MB" in text


def test_what_is_there_is_replaced_only_if_that_is_asked_for(run: Path, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"heatmap.onnx: there already; --overwrite replaces it"):
        export_heatmap(run, exported.parent)
    (tmp_path / "best.pt").write_bytes((run / "best.pt").read_bytes())
    for content, words in (("{", "not JSON"), ("[]", "does not say what was trained on what"), ("{}", "does not say")):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(ConfigError, match=rf"config\.json.*{words}"):
            export_heatmap(tmp_path, tmp_path / "out")


def test_no_folder_of_this_machine_gets_in(run: Path, exported: Path) -> None:
    for file in (exported, exported.with_suffix(".md")):
        content = file.read_bytes()
        for folder in (ROOT, run, exported.parent, Path.home()):
            assert str(folder).encode() not in content


def test_a_network_that_differs_is_not_exported(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch.onnx.export

    def wrong(model: Any, *args: Any, **options: Any) -> None:
        with torch.no_grad():
            model[0].logit.bias += 0.01
        original(model, *args, **options)

    monkeypatch.setattr(torch.onnx, "export", wrong)
    with pytest.raises(ConfigError, match=r"differs by \d\.\d+e-0\d from the trained one"):
        export_heatmap(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parity_compares_shapes_and_refuses_junk(tmp_path: Path) -> None:
    path = channel_network(tmp_path / "a.onnx", 3, size=8)
    probe = np.random.default_rng(0).random((1, 8, 8, 8), np.float32)
    assert parity(path, "heatmap", probe, [probe[:, 3:4]]) == 0.0
    with pytest.raises(ConfigError, match=r"output is \(1, 1, 8, 8\), the trained one's \(1, 2, 8, 8\)"):
        parity(path, "heatmap", probe, [probe[:, 3:5]])
    with pytest.raises(ConfigError, match="differs"):
        parity(path, "heatmap", probe, [np.full((1, 1, 8, 8), np.nan, np.float32)])
    path.write_bytes(b"junk")
    with pytest.raises(ModelError, match="corrupt"):
        parity(path, "heatmap", probe, [probe[:, 3:4]])


def test_networks_stay_small_together(run: Path, tmp_path: Path) -> None:
    (tmp_path / "detector.onnx").write_bytes(bytes(29_500_000))
    with pytest.raises(ConfigError, match=r"40\.\d MB of networks, more than 40\.0 MB"):
        export_heatmap(run, tmp_path)
    assert not (tmp_path / "heatmap.onnx").exists()


@pytest.mark.parametrize(("missing", "message"), [("best.pt", "train first"), ("config.json", "is this a run of")])
def test_what_is_no_run_is_said(missing: str, message: str, run: Path, tmp_path: Path) -> None:
    for name in {"best.pt", "config.json"} - {missing}:
        (tmp_path / name).write_bytes((run / name).read_bytes())
    with pytest.raises(ConfigError, match=rf"{missing}: missing; {message}"):
        export_heatmap(tmp_path, tmp_path / "out")


def test_bad_detector_runs_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.detector.export import export_detector

    with pytest.raises(ConfigError, match="multiples of 32"):
        export_detector(tmp_path, tmp_path, height=480, width=650)
    monkeypatch.setattr("sys.argv", ["export", "detector", "--run", str(tmp_path)])
    with pytest.raises(ConfigError) as stopped:
        export.main()
    expected = f"{tmp_path}/weights/best.pt: missing; train first with python -m training.detector.train"
    assert str(stopped.value) == expected


@needs_ultralytics
def test_a_detector_is_exported_and_found_usable(tmp_path: Path) -> None:
    from perception.detection.detector import OnnxDetector
    from training.detector.torchvision_stub import import_ultralytics

    run = tmp_path / "detector"
    (run / "weights").mkdir(parents=True)
    model = import_ultralytics().YOLO("yolo11n-seg.yaml", task="segment")
    labels = tuple(f"thing{index}" for index in range(80))  # as many as ultralytics' own layout has
    model.model.names = dict(enumerate(labels))
    model.save(run / "weights" / "best.pt")
    names = [f"metrics/{name}({kind})" for kind in "BM" for name in ("precision", "mAP50", "mAP50-95")]
    (run / "results.csv").write_text(f"epoch, {', '.join(names)}\n1,.5,.5,.3,.5,.5,.3\n2,.6,.9,.2,.6,.9,.2\n")
    (run / "args.yaml").write_text("task: segment\nimgsz: 384\ndata: somewhere/data.yaml\nproject: somewhere\n")
    (run / "data.json").write_text(json.dumps({"train_pictures": 9, "sha256_labels": "cd34"}))
    from training.detector.export import export_detector

    path = export_detector(run, tmp_path / "out", height=96, width=128)
    assert OnnxDetector(path).labels == labels
    metadata = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
    assert metadata["training_data"] == "cd34"
    assert "AGPL-3.0" in metadata["licence"]
    assert not set(PRIVATE) & set(metadata)
    card = path.with_suffix(".md").read_text()
    for line in ("| train_pictures | 9 |", "| imgsz | 384 |", "| epochs run | 2 |", "| epoch | 1 |", "AGPL-3.0"):
        assert line in card
    assert "somewhere" not in card
    assert str(tmp_path).encode() not in path.read_bytes()


def test_cells_of_a_card_cannot_break_its_table(tmp_path: Path) -> None:
    weights = tmp_path / "w.onnx"
    weights.write_bytes(b"x")
    card = ModelCard("T", "p", "l", "c", {"a|b": "x|y\nz"}, {}, {"m": 0.123456}, {}, {})
    text = card.text(weights)
    assert "| a\\|b | x\\|y z |" in text
    assert "| m | 0.1235 |" in text
