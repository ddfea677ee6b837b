"""The doctor names what is missing and what to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import doctor
from app.doctor import Finding, fits, numbers, report

ROOT = Path(__file__).parents[1]


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
    declared = {("", line) for line in project["dependencies"]}
    declared |= {(extra, line) for extra in ("sim", "spot") for line in project["optional-dependencies"][extra]}
    names = {(extra, re.split(r"[<>=\[]", line)[0]) for extra, line in declared}
    assert names <= {(extra, name) for extra, name, _ in doctor.requirements()}


def test_a_missing_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "genesis-world":
            raise doctor.metadata.PackageNotFoundError(name)
        return "999"

    monkeypatch.setattr(doctor.metadata, "version", version)
    found = {finding.name: finding for finding in doctor.package_findings()}
    assert not found["genesis-world"].good
    assert found["genesis-world"].fix == "pip install -c constraints.txt 'spot-grasp[sim]'"
    assert found["rich"].good


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
    warm = tmp_path / "cache"
    warm.mkdir()
    (warm / "kernel").touch()
    environment = {"HOME": str(tmp_path), "GS_CACHE_FILE_PATH": str(warm)}
    found = {finding.name: finding for finding in doctor.file_findings(tmp_path, environment)}
    assert (found["detector.onnx"].good, found["detector.onnx"].detail) == (True, "2.0 MB")
    assert not found["heatmap.onnx"].good
    assert found["genesis cache"].detail.startswith("warm")
    assert found["quadrants cache"].detail.startswith("cold")


def test_the_report_and_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    good = Finding("python", "python", True, "3.11.7")
    absent = Finding("spot", "bosdyn", False, "missing", needed=False, fix="pip install it")
    missing = Finding("files", "detector.onnx", False, "missing", fix="fetch it")
    assert report([good, absent]).endswith("the demo can run\n")
    text = report([good, missing, absent])
    assert text.endswith("the demo cannot run: 1 missing (MISSING above)\n")
    assert "  MISSING detector.onnx" in text
    assert "what to type\n  fetch it\n  pip install it   # optional\n" in text
    for found, code in (([good, absent], 0), ([good, missing], 1)):
        monkeypatch.setattr(doctor, "examine", lambda found=found: found)
        assert doctor.doctor() == code
    assert "the demo can run" in capsys.readouterr().out


def test_this_machine_is_examined_without_heavy_imports() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from app.doctor import examine, report; text = report(examine()); assert 'numpy' in text, text; "
        "bad = {'torch', 'genesis', 'cv2', 'onnxruntime', 'ultralytics', 'numpy'} & set(sys.modules); print(*bad)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
