"""`spot-grasp doctor`: what is installed, what is missing, and the lines to type."""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.exit_codes import FAILURE, SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result
from perception.base.extras import DISTRIBUTION, install_line, requirements, ultralytics_line, weights_line

Purpose = Literal["genesis", "spot", "training"]
PURPOSES: Final[tuple[Purpose, ...]] = ("genesis", "spot", "training")
"""What an installation may be for."""
MIN_PYTHON: Final = (3, 11)
SIMULATED: Final[tuple[Purpose, ...]] = ("genesis", "training")
SECTIONS: Final[dict[str, tuple[str, tuple[Purpose, ...]]]] = {
    "": ("packages every command needs", PURPOSES),
    "sim": ("packages for --robot genesis", SIMULATED),
    "train": ("packages for training", ("training",)),
    "spot": ("packages for a real Spot", ("spot",)),
}
"""The extras with their heading and what they are for."""
WEIGHTS: Final = ("detector", "heatmap")
"""Networks that always ship; others do where their model card does."""


@dataclass(frozen=True)
class Library:
    """A shared library of the system. package: the Debian/Ubuntu package. soname: any of these must load."""

    package: str
    soname: tuple[str, ...]
    text: str
    needed_for: tuple[Purpose, ...] = SIMULATED


LIBRARIES: Final = (
    Library("libegl1", ("libEGL.so.1",), "rendering without a screen"),
    Library("libgl1", ("libGL.so.1",), "OpenGL, OpenCV", PURPOSES),
    Library("libgl1-mesa-dri", (), "software rendering on the CPU"),
    Library("libosmesa6", ("libOSMesa.so.8", "libOSMesa.so.6"), "rendering where EGL has no device", ()),
    Library("libopengl0", ("libOpenGL.so.0",), "mesh tools of Genesis"),
    Library("libglib2.0-0", ("libglib-2.0.so.0",), "OpenCV", PURPOSES),
    Library("libgomp1", ("libgomp.so.1",), "mesh tools of Genesis"),
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. needed_for: the purposes that need it. fix: the line to type."""

    section: str
    name: str
    good: bool
    detail: str
    needed_for: tuple[Purpose, ...] = PURPOSES
    fix: str = ""


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing: `2.13.0+cpu` is (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def fits(version: str, clauses: str) -> bool:
    """Whether the version meets `>=` and `==` clauses such as `>=1.26,<3`; other clauses are not judged."""
    for clause in clauses.split(","):
        clause = clause.strip()
        if clause.startswith(">=") and numbers(version) < numbers(clause[2:]):
            return False
        if clause.startswith("==") and numbers(version) != numbers(clause[2:]):
            return False
    return True


def package_findings() -> Iterable[Finding]:
    """Every declared package, and ultralytics, which is installed apart because its own dependencies do not fit."""
    listed: set[str] = set()
    for extra, (section, needed_for) in SECTIONS.items():
        try:
            declared = requirements(extra)
        except metadata.PackageNotFoundError:
            yield Finding(section, DISTRIBUTION, False, "not installed", needed_for, install_line(extra))
            return
        for name, spec in declared:
            if name not in listed:  # an extra may hold another
                yield _package(section, name, spec.removeprefix(name).strip(), needed_for, install_line(extra))
                listed.add(name)
    section, needed_for = SECTIONS["train"]
    yield _package(section, "ultralytics", "", needed_for, ultralytics_line())


def _package(section: str, name: str, clauses: str, needed_for: tuple[Purpose, ...], fix: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(section, name, False, f"missing{f', wanted {clauses}' if clauses else ''}", needed_for, fix)
    if not fits(version, clauses):
        return Finding(section, name, False, f"{version}, wanted {clauses}", needed_for, fix)
    return Finding(section, name, True, version, needed_for)


def library_findings() -> Iterable[Finding]:
    """The system's GL libraries."""
    for library in LIBRARIES:
        present = any(map(_loads, library.soname)) if library.soname else software_renderer()
        fix = "" if present else f"sudo apt-get install -y {library.package}"
        detail = library.text if present else f"missing: {library.text}"
        yield Finding("system libraries", library.package, present, detail, library.needed_for, fix)


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def software_renderer() -> bool:
    """Whether Mesa's drivers are installed: old packages have swrast_dri.so, new ones libgallium."""
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
    for network in sorted({*WEIGHTS, *(card.stem for card in weights.glob("*.md"))}):
        file = weights / f"{network}.onnx"
        good = file.is_file() and file.stat().st_size > 0
        detail = f"{file.stat().st_size / 1e6:.1f} MB" if good else f"missing: {file}"
        yield Finding("files", file.name, good, detail, PURPOSES, "" if good else weights_line())
    yield _ffmpeg()
    home = Path(environment.get("HOME", "~")).expanduser()
    for variable, default in (("GS_CACHE_FILE_PATH", "genesis"), ("QD_OFFLINE_CACHE_FILE_PATH", "quadrants")):
        place = Path(environment.get(variable) or home / ".cache" / default)
        warm = place.is_dir() and any(place.iterdir())
        words = "warm" if warm else "cold: the first run compiles, one to three minutes"
        yield Finding("files", f"{default} cache", True, f"{words}, {place}", ())


def _ffmpeg() -> Finding:
    fix = install_line("sim")
    if find_spec("imageio_ffmpeg") is None:
        return Finding("files", "ffmpeg", False, "missing: --video and gif need imageio-ffmpeg", SIMULATED, fix)
    import imageio_ffmpeg

    try:
        return Finding("files", "ffmpeg", True, str(imageio_ffmpeg.get_ffmpeg_exe()), SIMULATED)
    except RuntimeError as error:
        return Finding("files", "ffmpeg", False, " ".join(str(error).split()), SIMULATED, fix)


def examine() -> list[Finding]:
    """All findings, in the order of the report."""
    import perception

    version = platform.python_version()
    old = sys.version_info < MIN_PYTHON
    fix = "sudo apt-get install -y python3.11 python3.11-venv" if old else ""
    findings = [Finding("python", "python", not old, f"{version}, {sys.executable}", PURPOSES, fix)]
    findings += package_findings()
    findings += library_findings()
    findings += file_findings(Path(perception.__path__[0]) / "weights", os.environ)
    return findings


def lacking(findings: Iterable[Finding], purpose: Purpose) -> list[str]:
    """Names of what is missing for a purpose."""
    return [finding.name for finding in findings if not finding.good and purpose in finding.needed_for]


def report(findings: Sequence[Finding], purpose: Purpose | None = None) -> str:
    """The findings as text, those of a purpose or all, then what to type, then what it is complete for."""
    lines: list[str] = []
    fixes: dict[str, None] = {}
    section = ""
    for finding in findings:
        if purpose is not None and purpose not in finding.needed_for:
            continue
        if finding.section != section:
            section = finding.section
            lines.append(f"\n{section}" if lines else section)
        missing = purpose is not None or finding.needed_for == PURPOSES
        mark = "ok" if finding.good else ("MISSING" if missing else "absent")
        lines.append(f"  {mark:8}{finding.name:20}{finding.detail}")
        if finding.fix:
            fixes[finding.fix + ("" if missing else f"   # {' and '.join(finding.needed_for) or 'optional'}")] = None
    if fixes:
        lines += ["\nwhat to type", *(f"  {fix}" for fix in fixes)]
    lines.append("")
    for each in PURPOSES if purpose is None else (purpose,):
        names = lacking(findings, each)
        lines.append(f"not complete for {each}: {len(names)} missing" if names else f"complete for {each}")
    return "\n".join(lines) + "\n"


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--for", dest="purpose", choices=PURPOSES, help="look at what this needs only (default: at all)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the report; 0 if everything is there for the purpose, or, without one, for any; else 1."""
    purpose: Purpose | None = arguments.purpose
    findings = examine()
    complete = {each: not lacking(findings, each) for each in PURPOSES}
    ok = any(complete.values()) if purpose is None else complete[purpose]
    rows = [
        {
            "section": finding.section, "name": finding.name, "ok": finding.good, "detail": finding.detail,
            "needed_for": list(finding.needed_for), "fix": finding.fix,
        }
        for finding in findings
    ]  # fmt: skip
    value = {"ok": ok, "for": purpose, "complete": complete, "findings": rows}
    tell_result(value, report(findings, purpose), as_json=arguments.json)
    return SUCCESS if ok else FAILURE


COMMAND = Command(add_arguments, run)
