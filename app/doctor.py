"""`spot-grasp doctor`: what is installed, what is missing, and exactly what to type."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

MIN_PYTHON: Final = (3, 11)
DISTRIBUTION: Final = "spot-grasp"
SECTIONS: Final = {
    "": "packages every command needs",
    "sim": "packages for --robot genesis",
    "train": "packages for training",
    "spot": "packages for a real Spot",
}
DEMO_EXTRAS: Final = ("", "sim")
WEIGHTS: Final = ("detector.onnx", "heatmap.onnx")
ULTRALYTICS: Final = "pip install --no-deps -c constraints.txt ultralytics ultralytics-thop"


@dataclass(frozen=True)
class Library:
    """A shared library of the system. package: the Debian/Ubuntu package. soname: any of these must load."""

    package: str
    soname: tuple[str, ...]
    purpose: str
    needed: bool = True


LIBRARIES: Final = (
    Library("libegl1", ("libEGL.so.1",), "rendering without a screen"),
    Library("libgl1", ("libGL.so.1",), "OpenGL, OpenCV"),
    Library("libgl1-mesa-dri", (), "software rendering on the CPU"),
    Library("libosmesa6", ("libOSMesa.so.8", "libOSMesa.so.6"), "rendering where EGL has no device", needed=False),
    Library("libopengl0", ("libOpenGL.so.0",), "mesh tools of Genesis"),
    Library("libglib2.0-0", ("libglib-2.0.so.0",), "OpenCV"),
    Library("libgomp1", ("libgomp.so.1",), "mesh tools of Genesis"),
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. needed: the demo cannot run without it. fix: what to type."""

    section: str
    name: str
    good: bool
    detail: str
    needed: bool = True
    fix: str = ""


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: `2.13.0+cpu` is (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def fits(version: str, wanted: str) -> bool:
    """Whether the version meets `>=` and `==` clauses such as `>=1.26,<3`; other clauses are not judged."""
    for clause in wanted.split(","):
        clause = clause.strip()
        if clause.startswith(">=") and numbers(version) < numbers(clause[2:]):
            return False
        if clause.startswith("==") and numbers(version) != numbers(clause[2:]):
            return False
    return True


def requirements() -> list[tuple[str, str, str]]:
    """(extra, distribution, clauses) of every dependency that the project declares, without development tools."""
    found = []
    for line in metadata.requires(DISTRIBUTION) or []:
        match = re.match(r"([\w.-]+)(\[[\w,-]*\])?\s*\(?([^;)]*)\)?\s*(?:;\s*extra\s*==\s*['\"]([\w-]+)['\"])?", line)
        if match and match.group(1) != DISTRIBUTION and (match.group(4) or "") in SECTIONS:
            found.append((match.group(4) or "", match.group(1), match.group(3).strip()))
    return found


def package_findings() -> Iterable[Finding]:
    """Every declared package, and ultralytics, which is installed apart because its own dependencies do not fit."""
    for extra, name, clauses in requirements():
        target = f"'{DISTRIBUTION}[{extra}]'" if extra else DISTRIBUTION
        fix = f"pip install -c constraints.txt {target}"
        yield _package(SECTIONS[extra], name, clauses, extra in DEMO_EXTRAS, fix)
    yield _package(SECTIONS["train"], "ultralytics", "", False, ULTRALYTICS)


def _package(section: str, name: str, clauses: str, needed: bool, fix: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(section, name, False, f"missing{f', wanted {clauses}' if clauses else ''}", needed, fix)
    if not fits(version, clauses):
        return Finding(section, name, False, f"{version}, wanted {clauses}", needed, fix)
    return Finding(section, name, True, version, needed)


def library_findings() -> Iterable[Finding]:
    """The system's GL libraries."""
    for library in LIBRARIES:
        present = any(map(_loads, library.soname)) if library.soname else software_renderer()
        fix = "" if present else f"sudo apt-get install -y {library.package}"
        detail = library.purpose if present else f"missing: {library.purpose}"
        yield Finding("system libraries", library.package, present, detail, library.needed, fix)


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def software_renderer() -> bool:
    """Whether Mesa's drivers are there: old packages carry swrast_dri.so, new ones libgallium."""
    roots = [Path("/usr/lib"), Path("/usr/lib64")]
    patterns = (
        "dri/swrast_dri.so",
        "*/dri/swrast_dri.so",
        "*/dri/libdril_dri.so",
        "libgallium*.so",
        "*/libgallium*.so",
    )
    return any(True for root in roots if root.is_dir() for pattern in patterns for _ in root.glob(pattern))


def file_findings(weights: Path, environment: Mapping[str, str]) -> Iterable[Finding]:
    """The shipped networks, ffmpeg, and whether Genesis' caches are warm."""
    for name in WEIGHTS:
        file = weights / name
        good = file.is_file() and file.stat().st_size > 0
        detail = f"{file.stat().st_size / 1e6:.1f} MB" if good else f"missing: {file}"
        yield Finding("files", name, good, detail, True, "" if good else "git checkout -- perception/weights")
    yield _ffmpeg()
    home = Path(environment.get("HOME", "~")).expanduser()
    for variable, default in (("GS_CACHE_FILE_PATH", "genesis"), ("QD_OFFLINE_CACHE_FILE_PATH", "quadrants")):
        place = Path(environment.get(variable) or home / ".cache" / default)
        warm = place.is_dir() and any(place.iterdir())
        words = "warm" if warm else "cold: the first run compiles, one to three minutes"
        yield Finding("files", f"{default} cache", True, f"{words}, {place}", False)


def _ffmpeg() -> Finding:
    fix = f"pip install -c constraints.txt '{DISTRIBUTION}[sim]'"
    if find_spec("imageio_ffmpeg") is None:
        return Finding("files", "ffmpeg", False, "missing: --video and gif need imageio-ffmpeg", True, fix)
    import imageio_ffmpeg

    try:
        return Finding("files", "ffmpeg", True, str(imageio_ffmpeg.get_ffmpeg_exe()))
    except RuntimeError as error:
        return Finding("files", "ffmpeg", False, " ".join(str(error).split()), True, fix)


def examine() -> list[Finding]:
    """Everything, in the order of the report."""
    import perception

    version = platform.python_version()
    old = sys.version_info < MIN_PYTHON
    fix = "sudo apt-get install -y python3.11 python3.11-venv" if old else ""
    found = [Finding("python", "python", not old, f"{version}, {sys.executable}", True, fix)]
    found += package_findings()
    found += library_findings()
    found += file_findings(Path(perception.__path__[0]) / "weights", os.environ)
    return found


def report(found: Iterable[Finding]) -> str:
    """The findings as text, then what to type, then whether the demo can run."""
    lines: list[str] = []
    fixes: list[str] = []
    section, lacking = "", 0
    for finding in found:
        if finding.section != section:
            section = finding.section
            lines.append(f"\n{section}" if lines else section)
        mark = "ok" if finding.good else ("MISSING" if finding.needed else "absent")
        lines.append(f"  {mark:8}{finding.name:20}{finding.detail}")
        if not finding.good and finding.needed:
            lacking += 1
        if finding.fix and finding.fix not in fixes:
            fixes.append(finding.fix + ("" if finding.needed else "   # optional"))
    if fixes:
        lines += ["\nwhat to type", *(f"  {fix}" for fix in dict.fromkeys(fixes))]
    lines.append(
        f"\n{'the demo can run' if not lacking else f'the demo cannot run: {lacking} missing (MISSING above)'}"
    )
    return "\n".join(lines) + "\n"


def doctor() -> int:
    """Print the report; 0 if the demo can run, else 1."""
    found = examine()
    sys.stdout.write(report(found))
    return 0 if all(finding.good or not finding.needed for finding in found) else 1
