"""Imports Genesis, which takes seconds: on a thread while other work is done, and without collecting garbage."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from simulation.genesis.starting.quick_import import quick_frames

NO_ANISOTROPY: Final = "-GL_EXT_texture_filter_anisotropic"
"""Hides anisotropic filtering from Genesis. Mesa's software renderer sums a texture's footprint texel by texel, which
can take minutes for a floor seen at a grazing angle."""

_thread: threading.Thread | None = None


def import_ahead() -> None:
    """Begin to import Genesis on a thread. Safe twice. An error shows when it is imported in earnest."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_import_quietly, name="import of Genesis", daemon=True)
        _thread.start()


def import_genesis() -> None:
    """Import Genesis, or wait for the thread that does. ImportError if that fails."""
    if _thread is not None and _thread is not threading.current_thread():
        _thread.join()
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("MESA_EXTENSION_OVERRIDE", NO_ANISOTROPY)
    os.environ.setdefault("QD_LOG_LEVEL", "warn")  # else Quadrants remarks that stdout is not the console's
    with quickly():
        import genesis  # noqa: F401


def _import_quietly() -> None:
    with contextlib.suppress(Exception):  # who imports it in earnest gets it again
        import_genesis()


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
