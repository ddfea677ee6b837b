"""The optional packages: which of them each extra of the project brings, and what to type where one is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from perception.errors import ConfigError

PACKAGES: Final = {
    "sim": ("genesis", "torch", "trimesh"),
    "train": ("torch", "numba", "matplotlib"),
    "spot": ("bosdyn.client", "bosdyn.mission", "grpc", "cryptography"),
    "groot": ("zmq",),
    "ray": ("ray",),
}
"""The packages that are looked for, by the extra that installs them."""


def require(who: str, extra: str, *packages: str) -> None:
    """ConfigError with what to type if a package is missing. Imports parent packages at most.

    who: the command or option that needs them. extra: a key of PACKAGES. packages: these alone; none named, all of
    the extra.
    """
    for package in packages or PACKAGES[extra]:
        if not _is_there(package):
            raise ConfigError(f"{who} needs the package {package!r}, which is not installed: {install_line(extra)}")


def unusable(who: str, extra: str, error: ImportError) -> ConfigError:
    """The error for a package that is there but does not import; arguments as for `require`."""
    package = f"package {error.name!r}" if error.name else f"extra {extra!r}"
    reason = " ".join(str(error).split())
    return ConfigError(f"{who} needs the {package}, which does not import ({reason}): {install_line(extra)}")


def install_line(extra: str) -> str:
    """What to type to install an extra."""
    return f"pip install 'spot-grasp[{extra}]'"


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the parent package is missing
        return False
    except ValueError:  # imported, but not from a file
        return True
