"""The doctor names what is missing and what to type."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands import doctor
from app.commands.dispatch import main
from app.commands.doctor import Finding, fits, numbers, report
from perception.base.extras import install_line, ultralytics_line
from tests.support.places import ROOT


@pytest.mark.parametrize(
    ("version", "wanted", "good"),
    [
        ("2.13.0+cpu", ">=2.5", True),
        ("2.13.0+cpu", "==2.13.0", True),
        ("2.4", ">=2.5", False),
        ("1.4.5", "==1.4.5", True),
        ("1.4.6", "==1.4.5", False),
        ("10.0", ">=9.1,<11", True),
        ("anything", "", True),
    ],
)
def test_versions(version: str, wanted: str, good: bool) -> None:
    assert fits(version, wanted) is good


def test_numbers_compare_as_numbers() -> None:
    assert numbers("2.10.1rc1") > numbers("2.9")
    assert numbers("?") == ()


def test_every_declared_package_is_examined() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for extra in ("sim", "spot", "train"):
        declared += project["optional-dependencies"][extra]
    names = {re.split(r"[<>=\[]", line)[0] for line in declared} - {"spot-grasp"}
    assert names <= {finding.name for finding in doctor.package_findings()}


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """An environment where these distributions are not installed, and all others are, in the right version."""

    def version(name: str) -> str:
        if name in missing:
            raise doctor.metadata.PackageNotFoundError(name)
        return "1.4.5" if name == "genesis-world" else "999"

    monkeypatch.setattr(doctor.metadata, "version", version)


def test_a_missing_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "genesis-world", "ultralytics")
    found = {finding.name: finding for finding in doctor.package_findings()}
    assert not found["genesis-world"].good
    assert found["genesis-world"].fix == install_line("sim")
    assert found["ultralytics"].fix == ultralytics_line()
    assert found["rich"].good


SIMULATOR = ("genesis-world", "torch", "trimesh", "imageio-ffmpeg")
TRAINING = ("numba", "matplotlib", "ultralytics")


@pytest.mark.parametrize(
    ("missing", "complete"),
    [
        ((), {"genesis", "spot", "training"}),
        ((*SIMULATOR, *TRAINING), {"spot"}),
        (("bosdyn-client", *TRAINING), {"genesis"}),
        (("bosdyn-mission",), {"genesis", "training"}),
        (("numpy",), set()),
    ],
)
def test_what_an_install_is_complete_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: tuple[str, ...], complete: set[str]
) -> None:
    without(monkeypatch, *missing)
    monkeypatch.setattr(doctor, "library_findings", list)
    monkeypatch.setattr(doctor, "file_findings", lambda *_: [])
    for purpose in doctor.PURPOSES:
        code = main(["doctor", "--for", purpose, "--json"], Interrupts())
        told = json.loads(capsys.readouterr().out)
        assert (code == 0) == told["ok"] == told["complete"][purpose] == (purpose in complete)
        assert told["for"] == purpose
        assert main(["doctor", "--for", purpose], Interrupts()) == code
        text = capsys.readouterr().out
        assert f"\n{'complete' if code == 0 else 'not complete'} for {purpose}" in text
        assert "MISSING" not in text or code == 1
    assert main(["doctor"], Interrupts()) == (0 if complete else 1)
    assert f"complete for {next(iter(complete), 'spot')}" in capsys.readouterr().out


def test_a_clone_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> None:
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", requires)
    (finding,) = doctor.package_findings()
    assert (finding.name, finding.good, finding.fix) == ("spot-grasp", False, install_line(""))


def test_missing_libraries_say_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_loads", lambda soname: False)
    monkeypatch.setattr(doctor, "software_renderer", lambda: False)
    found = list(doctor.library_findings())
    assert not any(finding.good for finding in found)
    assert "sudo apt-get install -y libegl1" in [finding.fix for finding in found]


def test_the_set_up_installs_what_the_doctor_wants() -> None:
    script = (ROOT / ".ci" / "system-packages").read_text()
    lists = re.findall(r"^(?:needed|wanted)=\((.*)\)$", script, re.M)
    assert set(" ".join(lists).split()) == {library.package for library in doctor.LIBRARIES}


def test_files(tmp_path: Path) -> None:
    (tmp_path / "detector.onnx").write_bytes(b"x" * 2_000_000)
    (tmp_path / "heatmap.onnx").touch()
    (tmp_path / "ways.md").write_text("a card promises its network")
    warm = tmp_path / "cache"
    warm.mkdir()
    (warm / "kernel").touch()
    environment = {"HOME": str(tmp_path), "GS_CACHE_FILE_PATH": str(warm)}
    found = {finding.name: finding for finding in doctor.file_findings(tmp_path, environment)}
    assert (found["detector.onnx"].good, found["detector.onnx"].detail) == (True, "2.0 MB")
    assert not found["heatmap.onnx"].good
    assert not found["ways.onnx"].good
    assert found["genesis cache"].detail.startswith("warm")
    assert found["quadrants cache"].detail.startswith("cold")


def test_the_report_says_what_is_missing_for_what_and_what_to_type() -> None:
    good = Finding("python", "python", True, "3.11.7")
    absent = Finding("spot", "bosdyn", False, "missing", ("spot",), fix="pip install it")
    missing = Finding("files", "detector.onnx", False, "missing", fix="fetch it")
    ends = ["complete for genesis", "not complete for spot: 1 missing", "complete for training"]
    assert report([good, absent]).splitlines()[-3:] == ends
    text = report([good, missing, absent])
    assert "  MISSING detector.onnx" in text
    assert "  absent  bosdyn" in text
    assert "what to type\n  fetch it\n  pip install it   # spot\n" in text
    assert "bosdyn" not in report([good, absent], "genesis")
    assert "  MISSING bosdyn" in report([good, absent], "spot")


def test_this_machine_is_examined_without_heavy_imports() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from app.commands.doctor import examine, report\n"
        "text = report(examine()); assert 'numpy' in text, text; "
        "bad = {'torch', 'genesis', 'cv2', 'onnxruntime', 'ultralytics', 'numpy'} & set(sys.modules); print(*bad)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
