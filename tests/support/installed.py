"""spot-grasp as a stranger has it: its wheel in an environment of its own, which sees our packages through a path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.places import ROOT

BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@dataclass(frozen=True)
class Installed:
    """wheel: the file. command: the console script that pip made. python: the environment's interpreter."""

    wheel: Path
    python: Path

    @property
    def command(self) -> Path:
        return self.python.with_name("spot-grasp")

    def install(self, wheel: Path) -> None:
        """Add another wheel to the environment, without what it depends on."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", "--no-index", "--no-deps", str(wheel)], check=True)

    def run(self, *words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command in a folder, with nothing of the tests' own path in its environment."""
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        options: dict[str, Any] = {"capture_output": True, "text": True, "check": False, "timeout": 300}
        return subprocess.run(words, cwd=folder, env=inherited | environment, **options)


def install_wheel(folder: Path) -> Installed:
    """Build the wheel of what git knows and install it into a new environment in `folder`."""
    source, environment = folder / "source", folder / "environment"
    files = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in files.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    wheel = _build(source, folder)
    venv.create(environment, symlinks=True)
    made = Installed(wheel, environment / "bin" / "python")
    made.install(wheel)
    (site,) = environment.glob("lib/python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "ours.pth").write_text("\n".join(packages) + "\n")
    return made


def wheel_of(project: Path, folder: Path) -> Path:
    """The wheel of another package, built in an empty folder from a copy of its sources."""
    source = folder / "source"
    shutil.copytree(project, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    return _build(source, folder)


def _build(source: Path, folder: Path) -> Path:
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=source, capture_output=True, check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    return wheel
