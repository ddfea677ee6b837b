"""Start of commands and programs: makes sure that our packages are imported, not others of the same name.

`app`, `perception`, `trees` and the others are common names. A folder with such a name on PYTHONPATH, as in a ROS
overlay, would be imported in place of ours. Importing this module puts ours first, in worker processes too:
a process-wide finder on `sys.meta_path`. It can go when the packages stand inside one package of a name of our own.
It also keeps numpy's linear algebra on one thread, unless the environment says otherwise: its other threads spin for a
while after each product, and hold the cores that networks and physics need.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import NoReturn

HOME = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ("app", "behaviours", "perception", "simulation", "training", "trees")


class OwnFirst:
    """A finder that looks for our packages in our folder alone, and for nothing else."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [HOME], target) if name in PACKAGES else None


def strangers() -> list[str]:
    """The foreign packages with our names that are imported already, in words."""
    found = []
    for name in PACKAGES:
        module = sys.modules.get(name)
        places = [os.path.abspath(place) for place in getattr(module, "__path__", ())]
        if module is not None and places != [os.path.join(HOME, name)]:
            found.append(f"{name!r} of {', '.join(places) or getattr(module, '__file__', None) or 'nowhere'}")
    return found


def console() -> NoReturn:
    """Entry point of the console script and of `python -m app`."""
    _refuse_strangers()
    from app.entry import console

    console()


def program(module: str) -> NoReturn:
    """Run the `main` of a module that Python was started with, with the messages and exit codes of the commands."""
    _refuse_strangers()
    from app.entry import program

    program(module)


def _refuse_strangers() -> None:
    if taken := strangers():
        sys.stderr.write(
            f"spot-grasp: cannot start: Python has already imported the package {'; '.join(taken)}, and not that of "
            f"{HOME}: take what imports it (sitecustomize or a .pth file) out of this environment\n"
        )
        sys.exit(2)


sys.meta_path.insert(0, OwnFirst)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
