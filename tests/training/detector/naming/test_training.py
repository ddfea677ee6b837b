"""The namer's samples, training and export, on made-up frames."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from perception.base.errors import ConfigError  # noqa: E402
from perception.detection.by_depth.namer import OnnxNamer  # noqa: E402
from perception.detection.by_depth.namer_input import CHANNELS, SIDE, VALUE_NAMES, VALUES  # noqa: E402
from perception.geometry import looking_along  # noqa: E402
from training.detector.furnished.frames import read_frame, write_frame  # noqa: E402
from training.detector.naming.export import export_namer  # noqa: E402
from training.detector.naming.network import inputs_of, varied  # noqa: E402
from training.detector.naming.samples import FITS, NONE, fits_of, samples_of, write_samples  # noqa: E402
from training.detector.naming.train import NamerRecipe, Samples, train  # noqa: E402
from training.detector.rendered.raycast import View  # noqa: E402
from training.detector.words import WORDS  # noqa: E402

pytestmark = pytest.mark.slow

VIEW = View((240, 240), 240.0, looking_along(np.array([-0.8, 0.0, 0.9]), np.array([1.0, 0, -0.75])))
RECIPE = NamerRecipe(epochs=3, batch=16, max_rate=1e-2)
KNOWN = VALUE_NAMES.index("side_known")


class Blind:
    """A detector that sees nothing."""

    labels = ("can",)

    def detect(self, frame, labels, min_score, enough=None):  # type: ignore[no-untyped-def]
        del frame, labels, min_score, enough
        return []


def rooms_in(folder: Path, count: int = 8) -> Path:
    """Pictures of a table with a red bowl or a green can, the one broad, the other high; half of them validation."""
    for number in range(count):
        rng, part = np.random.default_rng(number), ("train", "val")[number % 2]
        word = ("bowl", "can")[number // 2 % 2]
        rows = np.arange(240)
        depth = np.repeat((1.6 - 0.004 * rows)[:, None], 240, axis=1).astype(np.float32)
        instances = np.zeros((240, 240), np.uint8)
        v, u = rng.integers(90, 120), rng.integers(60, 140)
        tall, wide = (26, 60) if word == "bowl" else (60, 26)
        instances[v : v + tall, u : u + wide] = 1
        depth[instances == 1] = depth[v + tall, 0] - 0.05
        rgb = np.full((240, 240, 3), 150, np.uint8)
        rgb[instances == 1] = (200, 30, 30) if word == "bowl" else (30, 200, 30)
        name = f"f{number:05d}-0"
        (folder / "images" / part).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "images" / part / f"{name}.jpg"), rgb[..., ::-1])
        write_frame(folder / "frames" / part / f"{name}.npz", VIEW, depth, instances, [word])
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = rooms_in(tmp_path_factory.mktemp("rooms"))
    assert write_samples(folder, Blind(), 0) == 8
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("run")
    train([data], out, RECIPE)
    return out


@given(st.lists(st.floats(0, 1), min_size=1))
def test_a_better_mask_fits_no_less(shares: list[float]) -> None:
    fits = fits_of(np.sort(np.array(shares)))
    assert (np.diff(fits) >= 0).all()
    assert fits_of(np.array(FITS)) == pytest.approx([0.0, 1.0])


def test_samples_are_pieces_of_depth_and_the_true_mask_with_their_words(data: Path) -> None:
    path = data / "frames" / "train" / "f00000-0.npz"
    room = read_frame(data / "images" / "train" / "f00000-0.jpg", path)
    found = samples_of(room, Blind(), np.random.default_rng(0))
    assert found["shown"].shape[1:] == (VALUES, SIDE, SIDE)
    fitting = found["fits"] > 0
    assert fitting.sum() >= 2, "the mask itself, and what depth cuts out"
    assert set(found["word"][fitting]) == {WORDS.index("bowl")}
    assert set(found["word"][~fitting]) <= {NONE}
    again = samples_of(room, Blind(), np.random.default_rng(0))
    assert all(np.array_equal(found[key], again[key]) for key in found)


def test_samples_are_made_once(data: Path, tmp_path: Path) -> None:
    assert write_samples(data, Blind(), 0) == 0
    with pytest.raises(ConfigError, match="--depth"):
        write_samples(tmp_path, Blind(), 0)


def test_varied_inputs_stay_what_a_run_may_show(data: Path) -> None:
    samples = Samples.read([data], "train")
    inputs = inputs_of(samples.shown, samples.values).repeat(20, 1, 1, 1)
    torch.manual_seed(0)
    changed = varied(inputs)
    assert changed.shape == inputs.shape == (len(inputs), CHANNELS, SIDE, SIDE)
    assert torch.isfinite(changed).all()
    assert changed[:, :4].min() >= 0
    assert changed[:, :4].max() <= 1
    assert not torch.equal(changed, inputs)
    known, before = changed[:, VALUES, 0, KNOWN], inputs[:, VALUES, 0, KNOWN]
    assert set(known.unique().tolist()) == {0.0, 1.0}, "some are shown without depth"
    assert (known <= before).all()


def test_a_run_records_what_it_did_and_equal_runs_are_equal(run: Path, data: Path, tmp_path: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["train_pictures"] == config["data"]["val_pictures"] == 4
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0.0, 1.0, 2.0]
    assert min(line["loss"] for line in lines[1:]) < lines[0]["loss"]
    train([data], tmp_path, RECIPE)
    again = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in again] == [line["loss"] for line in lines]
    with pytest.raises(ConfigError, match="holds a run already"):
        train([data], tmp_path, RECIPE)


def test_the_export_is_the_namer_of_a_run(run: Path, data: Path, tmp_path: Path) -> None:
    path = export_namer(run, tmp_path, licence="MIT")
    namer = OnnxNamer(path)
    assert namer.words == WORDS
    samples = Samples.read([data], "val")
    chances = namer.chances(inputs_of(samples.shown, samples.values).numpy())
    assert chances.shape == (len(samples.target), len(WORDS))
    assert (chances.sum(axis=1) <= 1 + 1e-4).all()
    assert "| right |" in (tmp_path / "namer.md").read_text()
    with pytest.raises(ConfigError, match="--overwrite"):
        export_namer(run, tmp_path, licence="MIT")


def test_what_is_of_no_use_is_refused_with_a_reason(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no train samples"):
        Samples.read([tmp_path], "train")
    with pytest.raises(ConfigError, match="--rate above 0"):
        NamerRecipe(max_rate=0.0)
    with pytest.raises(ConfigError, match=r"training\.detector\.naming\.train"):
        export_namer(tmp_path, tmp_path, licence="MIT")
    (tmp_path / "best.pt").write_bytes((run / "best.pt").read_bytes())
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="no record"):
        export_namer(tmp_path, tmp_path, licence="MIT")
    (tmp_path / "config.json").write_text('{"network": "namer", "data": {"preprocessing_version": 0}}')
    with pytest.raises(ConfigError, match="version 0"):
        export_namer(tmp_path, tmp_path, licence="MIT")
