"""The optional packages: which of them each extra of the project brings, and what to type where one is missing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError

DISTRIBUTION: Final = "spot-grasp"
PACKAGES: Final = {
    "sim": ("genesis", "torch", "trimesh"),
    "train": ("torch", "numba", "matplotlib"),
    "spot": ("bosdyn.client", "bosdyn.mission", "grpc", "cryptography"),
    "groot": ("zmq",),
    "ray": ("ray",),
    "mcap": ("foxglove",),
    "rerun": ("rerun",),
    "lerobot": ("pyarrow", "imageio_ffmpeg"),
    "rosbag": ("rosbags",),
}
"""The packages that are looked for, by the extra that installs them."""
PUBLIC_GAIT: Final = "pip install --no-deps judo-rai==0.1.0"
"""What to type for the public gait policy; of the package only a file is read."""


def require(needed_by: str, extra: str, *packages: str) -> None:
    """ConfigError with what to type if a package is missing. Imports parent packages at most.

    needed_by: the command or option. extra: a key of PACKAGES. packages: these alone; none named, all of the extra.
    """
    for package in packages or PACKAGES[extra]:
        if not _is_there(package):
            raise ConfigError(
                f"{needed_by} needs the package {package!r}, which is not installed: {install_line(extra)}"
            )


def missing(error: ModuleNotFoundError) -> ConfigError | None:
    """The error for an optional package that an import did not find; None if the module is none of them."""
    for extra, packages in PACKAGES.items():
        if error.name is not None and error.name.split(".")[0] in {package.split(".")[0] for package in packages}:
            return ConfigError(f"the package {error.name!r} is not installed: {install_line(extra)}")
    return None


def unusable(needed_by: str, extra: str, error: ImportError) -> ConfigError:
    """The error for a package that is there but does not import; arguments as for `require`."""
    package = f"package {error.name!r}" if error.name else f"extra {extra!r}"
    reason = " ".join(str(error).split())
    return ConfigError(f"{needed_by} needs the {package}, which does not import ({reason}): {install_line(extra)}")


def install_line(extra: str) -> str:
    """What to type to install an extra, "" for what every command needs.

    From a clone it is `pip install -c constraints.txt -e '.[EXTRA]'`. A wheel comes from no index, so from one the
    packages of the extra are named.
    """
    place = clone()
    if place is None:
        return pip_line(*(spec for _, spec in requirements(extra)))
    here = "." if os.path.samefile(".", place) else place
    return pip_line("-e", f"{here}[{extra}]" if extra else f"{here}")


def pip_line(*words: str) -> str:
    """A line that installs with the running Python's own pip, from a clone in the versions that were tested."""
    place, python = clone(), Path(sys.executable)
    pip = shutil.which("pip")
    start = ["pip"] if pip is not None and Path(pip).parent == python.parent else [str(python), "-m", "pip"]
    tested = []
    if place is not None:
        tested = ["-c", "constraints.txt" if os.path.samefile(".", place) else f"{place}/constraints.txt"]
    return shlex.join([*start, "install", *tested, *words])


def ultralytics_line() -> str:
    """What to type to install ultralytics, without torchvision, whose ordinary wheel does not fit a CPU torch."""
    return pip_line("--no-deps", "ultralytics", "ultralytics-thop")


def weights_line() -> str:
    """What to type to get the shipped networks back."""
    place = clone()
    if place is not None:
        return shlex.join(["git", "-C", str(place), "checkout", "--", "perception/weights"])
    from importlib import metadata

    wheel = f"spot_grasp-{metadata.version(DISTRIBUTION)}-py3-none-any.whl"
    return pip_line("--force-reinstall", "--no-deps", wheel)


def clone() -> Path | None:
    """The folder of the clone that the program runs from; None if it was installed from a wheel."""
    place = Path(__file__).resolve().parents[2]
    return place if (place / "pyproject.toml").is_file() and (place / "constraints.txt").is_file() else None


def requirements(extra: str) -> list[tuple[str, str]]:
    """(distribution, what pip is asked for) of each package that an extra brings, "" for what every command needs."""
    from importlib import metadata

    packages: list[tuple[str, str]] = []
    for line in metadata.requires(DISTRIBUTION) or []:
        spec, _, marker = line.partition(";")
        of = re.search(r"extra *== *['\"]([\w-]+)", marker)
        name, inner = re.match(r"([\w.-]+) *(?:\[([\w-]+)\])?", spec).groups()  # type: ignore[union-attr]
        if (of.group(1) if of else "") == extra:
            packages += requirements(inner) if name == DISTRIBUTION else [(name, spec.strip())]
    return packages


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the parent package is missing
        return False
    except ValueError:  # imported, but not from a file
        return True
