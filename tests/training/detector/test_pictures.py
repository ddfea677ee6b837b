"""Pictures that `spot-grasp look` keeps as data for the detector."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from tests.training.detector.test_train import in_process, write_yolo_data

if find_spec("ultralytics") is None:
    pytest.skip("ultralytics is not installed", allow_module_level=True)

from training.detector.pickled_weights import check_data
from training.detector.pictures import gather
from training.detector.train import describe

pytestmark = pytest.mark.slow


def keep(folder: Path, *labels: str, size: tuple[int, int] = (48, 64)) -> Path:
    """A kept picture with one red rectangle for each label."""
    (folder / "masks").mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    for index, label in enumerate(labels):
        mask = np.zeros(size, np.uint8)
        mask[10:40, 4 + 20 * index : 18 + 20 * index] = 255
        picture[mask > 0] = (0, 0, 255)
        cv2.imwrite(str(folder / "masks" / f"{index:02d}_{label}.png"), mask)
    cv2.imwrite(str(folder / "rgb.png"), picture)
    return folder


def labels(data: Path, part: str) -> dict[str, str]:
    return {file.stem: file.read_text() for file in sorted((data.parent / "labels" / part).glob("*.txt"))}


def test_kept_pictures_alone_are_a_data_set(tmp_path: Path) -> None:
    for number in range(6):
        keep(tmp_path / "looks" / f"{number:03d}_hand", "thermos", "other", "mug")
    data = gather([tmp_path / "looks"], tmp_path / "data", ["bottle", "mug"])
    assert check_data(data) == ["bottle", "mug", "thermos"]
    facts = describe(data)
    assert (facts["train_pictures"], facts["val_pictures"], facts["train_objects"]) == (5, 1, 10)
    thermos, mug = (line.split() for line in labels(data, "val")["kept0004"].splitlines())
    assert (thermos[0], mug[0]) == ("2", "1")
    outline = np.array(thermos[1:], float).reshape(-1, 2)
    assert outline.min(axis=0) == pytest.approx([4.5 / 64, 10.5 / 48], abs=1e-4)
    assert outline.max(axis=0) == pytest.approx([17.5 / 64, 39.5 / 48], abs=1e-4)


def test_one_picture_trains_and_validates(tmp_path: Path) -> None:
    facts = describe(gather([keep(tmp_path / "one", "thermos")], tmp_path / "data", []))
    assert (facts["train_pictures"], facts["val_pictures"]) == (1, 1)


def test_beside_a_data_set_they_are_repeated_and_its_numbers_follow_the_names(tmp_path: Path) -> None:
    rendered = write_yolo_data(tmp_path / "rendered", count=12)  # bottle, can, mug; all are bottles
    keep(tmp_path / "looks" / "001_hand", "thermos")
    data = gather([rendered, tmp_path / "looks"], tmp_path / "data", ["mug", "bottle"])
    assert check_data(data) == ["mug", "bottle", "can", "thermos"]
    train = labels(data, "train")
    assert sum(name.startswith("kept") for name in train) == 3, "a quarter of twelve"
    assert {text.split()[0] for name, text in train.items() if text.strip()} == {"1", "3"}
    assert describe(data)["train_pictures"] == 15
    assert describe(data)["val_pictures"] == 12


def test_a_data_set_alone_stays_as_it_is(tmp_path: Path) -> None:
    data = write_yolo_data(tmp_path / "set")
    assert gather([tmp_path / "set"], tmp_path / "data", ["thermos"]) == data
    assert not (tmp_path / "data").exists()


def test_what_is_no_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither a data set .* nor kept pictures .*spot-grasp look"):
        gather([tmp_path], tmp_path / "data", [])
    keep(tmp_path / "a" / "001_hand", "thing")
    with pytest.raises(ConfigError, match="no mask has a label; look with --as NAME"):
        gather([tmp_path / "a"], tmp_path / "data", [])
    cv2.imwrite(str(tmp_path / "a" / "001_hand" / "masks" / "thermos.png"), np.zeros((4, 4), np.uint8))
    with pytest.raises(ConfigError, match=r"thermos\.png: a mask is named NN_LABEL\.png"):
        gather([tmp_path / "a"], tmp_path / "data", [])
    keep(tmp_path / "b", "thermos", size=(480, 640))
    cv2.imwrite(str(tmp_path / "b" / "rgb.png"), np.zeros((24, 32, 3), np.uint8))
    with pytest.raises(ConfigError, match="a mask of thermos is 640x480, the picture another size"):
        gather([tmp_path / "b"], tmp_path / "data", [])


def test_looks_fine_tune_the_shipped_network_with_a_new_word(tmp_path: Path) -> None:
    """A few steps at a rate of almost nothing: what it knew stays, and the new word is there."""
    for number in range(2):
        words = ["look", "--robot", "fake", "--label", "bottle", "--as", "thermos", "--out", str(tmp_path / "looks")]
        assert main(words, Interrupts()) == 0, number
    script = (
        "import sys\nfrom pathlib import Path\nfrom app.base.interrupts import Interrupts\n"
        "from app.commands.dispatch import main\nfrom perception.detection.detector import DEFAULT_WEIGHTS\n"
        f"here = Path({str(tmp_path)!r})\n"
        "words = ['train', 'detector', '--start', str(DEFAULT_WEIGHTS), '--data', str(here / 'looks')]\n"
        "words += ['--out', str(here / 'out'), '--epochs', '1', '--image-size', '64', '--batch', '1']\n"
        "words += ['--learning-rate', '1e-9']\n"
        "assert main(words, Interrupts()) == 0\n"
        "import torch\nfrom onnx import load\nfrom onnx.numpy_helper import to_array\n"
        "network = torch.load(here / 'out' / 'detector' / 'weights' / 'last.pt', weights_only=False)['model'].float()\n"
        "print(list(network.names.values()))\n"
        "mine = {k: v.detach().numpy() for k, v in network.named_parameters() if '.cv3.0.2.bias' in k}\n"
        "file = {item.name: to_array(item) for item in load(DEFAULT_WEIGHTS).graph.initializer}\n"
        "((name, bias),) = mine.items()\n"
        "print(len(bias), abs(bias[: len(file[name])] - file[name]).max())\n"
    )
    done = in_process(script)
    assert done.returncode == 0, done.stderr
    names, numbers = done.stdout.strip().splitlines()[-2:]
    assert names.endswith("'thermos']")
    count, off = numbers.split()
    assert int(count) == names.count("'") // 2
    assert float(off) < 0.01
