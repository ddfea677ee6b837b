"""Checkpoints, networks and data sets of strangers: told in one line, and nothing in them runs."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError  # noqa: E402
from tests.training.heatmap.test_train import QUICK, data, small_network, weights, whole, write_data  # noqa: E402, F401
from tests.training.test_faults import needs_ultralytics  # noqa: E402
from training.heatmap.recipes import Recipe  # noqa: E402
from training.heatmap.train import train  # noqa: E402

pytestmark = pytest.mark.slow


class Runs:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"network": {}}, "weights are of another network"),
        ({"network": 3}, "weights are of another network"),
        ({"network": {"0.weight": torch.zeros(2)}}, "weights are of another network"),
        ({"state_dict": {}}, "is no such checkpoint of spot-grasp train heatmap: it has no 'network'"),
        ([1, 2], "is no such checkpoint"),
        (torch.nn.Linear(1, 1), "holds Python objects beside numbers"),
    ],
    ids=str,
)
def test_checkpoints_of_others_are_told(content: Any, words: str, data: Path, tmp_path: Path) -> None:  # noqa: F811
    torch.save(content, tmp_path / "theirs.pt")
    with pytest.raises(ConfigError, match=words):
        train(data, tmp_path / "out", QUICK, start=tmp_path / "theirs.pt")


def test_renamed_and_spoilt_checkpoints_are_told(data: Path, whole: Path, tmp_path: Path) -> None:  # noqa: F811
    shutil.copy(whole / "best.pt", tmp_path / "checkpoint.pt")
    with pytest.raises(ConfigError, match=r"is no such checkpoint .*: it has no 'identity'"):
        train(data, tmp_path, QUICK, resume=True)
    state = torch.load(whole / "checkpoint.pt", weights_only=True)
    for change, words in (
        ({"identity": 1}, "made with other"),
        ({"history": 3}, "no checkpoint of spot-grasp"),
        ({"history": [{"loss": 1.0}]}, "no checkpoint of spot-grasp"),
        ({"optimiser": {}}, "no checkpoint of spot-grasp"),
        ({"schedule": 7}, "no checkpoint of spot-grasp"),
        ({"network": {"0.weight": 1}}, "weights are of another network"),
        ({"network": {**state["network"], "0.bias": torch.full((8,), torch.nan)}}, "its weights are not finite"),
    ):
        torch.save({**state, **change}, tmp_path / "checkpoint.pt")
        with pytest.raises(ConfigError, match=words):
            train(data, tmp_path, QUICK, resume=True)
    shutil.copy(whole / "best.pt", tmp_path / "best.onnx")  # a wrong name is no reason not to read it
    train(data, tmp_path / "out", Recipe(epochs=1, batch=4), start=tmp_path / "best.onnx")


@needs_ultralytics
def test_no_pickle_of_a_stranger_runs_anything(data: Path, tmp_path: Path) -> None:  # noqa: F811
    from training.detector.pickled_weights import check_weights
    from training.detector.torchvision_stub import import_ultralytics

    import_ultralytics()
    ran, theirs = tmp_path / "ran", tmp_path / "theirs.pt"
    for content in (
        Runs(ran),
        {"network": Runs(ran)},
        {"model": Runs(ran)},
        {"model": torch.nn.Identity(), "x": Runs(ran)},
    ):
        for legacy in (False, True):
            torch.save(content, theirs, _use_new_zipfile_serialization=not legacy)
            with pytest.raises(ConfigError, match=r"theirs\.pt: "):
                train(data, tmp_path / "out", QUICK, start=theirs)
            with pytest.raises(ConfigError, match=r"loading it could run any code|damaged, or no weights"):
                check_weights(theirs)
    theirs.write_bytes(pickle.dumps(Runs(ran)))
    with pytest.raises(ConfigError, match=r"theirs\.pt: "):
        check_weights(theirs)
    assert not ran.exists()
    torch.save({"model": Runs(ran)}, theirs)
    with pytest.raises(ConfigError, match="holds no network"):
        check_weights(theirs, trust_pickle=True)
    assert ran.exists(), "that is what trust means"


@needs_ultralytics
def test_no_data_set_of_a_stranger_runs_anything(tmp_path: Path) -> None:
    from training.detector.pickled_weights import check_data

    for text, words in (
        ("names: {0: bottle}\ndownload: import os\n", "has `download`, a command that ultralytics would run"),
        ('names: {0: bottle}\n"\\x64ownload": x\n', "has `download`"),
        ("names: !!python/object/apply:os.system [true]\n", "not a data.yaml that can be read"),
        ("- 1\n", "not a data.yaml that can be read"),
        ("{}\n", "not the data.yaml of a data set"),
    ):
        (tmp_path / "data.yaml").write_text(text)
        with pytest.raises(ConfigError, match=words):
            check_data(tmp_path / "data.yaml")
