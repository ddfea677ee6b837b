"""Imports Genesis, which takes seconds, without collecting garbage.

Not on a thread beside other work: Genesis redirects the process's stdout and stderr while it is imported. What others
print then is lost.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from simulation.genesis.starting.quick_import import quick_frames

NO_ANISOTROPY: Final = "-GL_EXT_texture_filter_anisotropic"
"""Hides anisotropic filtering from Genesis. Mesa's software renderer sums a texture's footprint texel by texel, which
can take minutes for a floor seen at a grazing angle."""


def import_genesis() -> None:
    """Import Genesis. ImportError if that fails."""
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("MESA_EXTENSION_OVERRIDE", NO_ANISOTROPY)
    os.environ.setdefault("QD_LOG_LEVEL", "warn")  # else Quadrants remarks that stdout is not the console's
    with quickly():
        import genesis  # noqa: F401


@contextmanager
def quickly() -> Iterator[None]:
    """For what imports parts of Genesis: `genesis.Scene` does so, too."""
    with uncollected(), quick_frames():
        yield


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage inside. A start makes millions of objects that stay, and hardly any garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
