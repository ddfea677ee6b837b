"""How Genesis is started and solved here: one place, so that kernels are compiled once for all programs."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from perception.base.extras import require
from simulation.genesis.devices import check_device

TIME_STEP_S = 0.005
STALE_LOCK_S = 60.0
"""The kernel cache is locked while it is read or written, some seconds at most. A process that is killed just then
leaves the lock, and every later one would compile all kernels again, two minutes or more, without a word."""
NO_ANISOTROPY = "-GL_EXT_texture_filter_anisotropic"
"""Mesa's software renderer filters a texture seen at a grazing angle by summing its footprint texel by texel: from some
places of the hand camera, the floor's footprint is so large that a picture never ends. Genesis asks for that filter
wherever it is offered, and goes without where it is not."""


def init_genesis(device: str = "cpu") -> None:
    """Start Genesis quietly; if it runs already, start it afresh.

    device: one of simulation.genesis.devices.DEVICES. ConfigError if that is not there, or Genesis is not installed.

    Its seed is always the same: compiled kernels are cached by it, so another seed would compile all of them again,
    and nothing here draws from Genesis' generator.
    """
    require("the physics simulation", "sim")
    check_device(device)
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("MESA_EXTENSION_OVERRIDE", NO_ANISOTROPY)
    import genesis as gs
    from quadrants.lang import impl

    if getattr(gs, "_initialized", False):
        gs.destroy()
    cache = os.environ.get("QD_OFFLINE_CACHE_FILE_PATH") or impl.default_cfg().offline_cache_file_path
    for lock in remove_stale_locks(Path(cache)):
        sys.stderr.write(f"{lock}: a killed process had left the kernel cache locked; removed\n")
    gs.init(backend=gs.metal if device == "mps" else getattr(gs, device), precision="32", logging_level="error", seed=0)
    with contextlib.suppress(ImportError):
        import coacd

        coacd.set_log_level("error")


def remove_stale_locks(cache: Path) -> list[Path]:
    """Remove the locks in Quadrants' cache folder that nobody can hold any more; returns their files."""
    removed = []
    for lock in cache.glob("*/*.lock"):
        with contextlib.suppress(OSError):  # another process was quicker, or it is another user's
            if time.time() - lock.stat().st_mtime > STALE_LOCK_S:
                lock.unlink()
                removed.append(lock)
    return removed


def rigid_options() -> Any:
    """Elliptic friction cones: a bottle held at 3 N·m then creeps by less than a millimetre in seconds."""
    import genesis as gs

    return gs.options.RigidOptions(dt=TIME_STEP_S, friction_cone=gs.friction_cone.elliptic, enable_self_collision=False)
