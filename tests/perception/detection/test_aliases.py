"""Words of trees for the names that a network has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.parts.networks import open_detector
from behaviours.settings import Settings, read_settings
from perception.base.errors import ConfigError
from perception.detection.aliases import ALIASES, Aliases, with_aliases
from perception.detection.detector import OnnxDetector
from perception.detection.settings import DetectionSettings
from perception.networks.protocols import Detector
from perception.types import Detection
from tests.perception.detection.test_outputs import BOTTLE, CUP, SIZE, frame
from tests.support.yolo_files import answering, plain

PICTURE = replace(frame(), depth=np.zeros((480, 640), np.float32))
VASE = ((10.0, 30.0, 24.0, 80.0), 1, 0.5)
TREE = """<root BTCPP_format="4"><BehaviorTree ID="Look"><Sequence>
  <Capture frame="{frame}"/><DetectObject frame="{frame}" labels="LABEL" detection="{detection}"/>
</Sequence></BehaviorTree></root>"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A network that knows cup, vase and bottle, and sees one of each."""
    return answering(tmp_path / "coco.onnx", [plain([CUP, BOTTLE, VASE])], SIZE)


def opened(file: Path, aliases: Aliases = ALIASES) -> Detector:
    return with_aliases(OnnxDetector(file, settings=DetectionSettings(zooms=(1.0,))), aliases)


def found(file: Path, *labels: str) -> list[tuple[str, float]]:
    return [(one.label, round(one.score, 2)) for one in opened(file).detect(PICTURE, labels, 0.2)]


def test_a_word_gets_what_its_names_count_as(file: Path) -> None:
    assert found(file, "mug") == [("mug", 0.9)]
    assert found(file, "cup") == [("cup", 0.9)]
    assert found(file, "bottle") == [("bottle", 0.6), ("bottle", 0.5)], "COCO calls a flask a vase"
    assert found(file, "can") == [("can", 0.9), ("can", 0.6), ("can", 0.5)], "it knows no cans"


def test_of_several_words_a_name_is_the_first(file: Path) -> None:
    assert found(file, "can", "bottle") == [("can", 0.9), ("can", 0.6), ("can", 0.5)]
    assert found(file, "bottle", "can") == [("can", 0.9), ("bottle", 0.6), ("bottle", 0.5)]
    assert found(file, "mug", "can") == [("mug", 0.9), ("can", 0.6), ("can", 0.5)]


def test_a_network_that_knows_the_words_keeps_them_apart() -> None:
    ours, apart = OnnxDetector(), {word: ALIASES[word] for word in ("bottle", "can", "mug")}
    assert with_aliases(ours, apart) is ours
    assert with_aliases(ours, ALIASES).labels[:3] == ("bottle", "can", "mug")
    assert {"thermos", "cup"} <= set(with_aliases(ours, ALIASES).labels), "other words for the same things"


def test_words_come_first_among_the_labels_and_unknown_ones_are_told(file: Path) -> None:
    assert open_detector(file).labels == opened(file).labels, "as a command opens it"
    detector = opened(file)
    assert detector.labels == ("bottle", "can", "mug", "glass", "jar", "thermos", "cup", "vase")
    with pytest.raises(ConfigError, match=r"does not know: teapot\. It knows: bottle, can, mug.*\[names\]"):
        detector.detect(PICTURE, ["teapot"], 0.2)


def test_enough_is_asked_about_the_word(file: Path) -> None:
    asked: list[str] = []

    def enough(one: Detection) -> bool:
        asked.append(one.label)
        return True

    opened(file).detect(PICTURE, ["mug"], 0.2, enough)
    assert set(asked) == {"mug"}


def test_a_settings_file_adds_words_and_replaces_built_in_ones(file: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[names]\nthermos = ["vase"]\nmug = []\n')
    names = read_settings(settings).names
    assert dict(names) == {**Settings().names, "thermos": ("vase",), "mug": ()}
    assert [one.label for one in opened(file, names).detect(PICTURE, ["thermos"], 0.2)] == ["thermos"]
    with pytest.raises(ConfigError, match="does not know: mug"):
        opened(file, names).detect(PICTURE, ["mug"], 0.2)


def test_check_knows_the_words(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree, settings = tmp_path / "tree.xml", tmp_path / "settings.toml"
    settings.write_text('[names]\nteapot = ["vase"]\n')
    with_file = ["check", str(tree), "--detector", str(file)]
    tree.write_text(TREE.replace("LABEL", "mug;can"))
    assert main(with_file, Interrupts()) == 0
    tree.write_text(TREE.replace("LABEL", "teapot"))
    assert main(with_file, Interrupts()) == 2
    assert "bottle, can, mug" in capsys.readouterr().out, "the choices are named"
    assert main([*with_file, "--settings", str(settings)], Interrupts()) == 0
