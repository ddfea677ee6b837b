"""Starts Genesis with the same options everywhere, so that its kernels are compiled once for all programs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from perception.base.extras import require
from simulation.genesis.devices import check_device
from simulation.genesis.starting.importing import import_genesis, quickly

TIME_STEP_S = 0.005
STALE_LOCK_S = 60.0
"""A lock of the kernel cache this old is left from a killed process. It would make every later process compile all
kernels again, which takes minutes."""

_started: tuple[str, threading.Thread] | None = None
"""The device and the thread that Genesis was started with."""


def ensure_genesis(device: str = "cpu") -> None:
    """Start Genesis, see `init_genesis`, unless this thread has started it for the same device: the compiled kernels
    stay in memory, and the next scene is built in a fraction of the time."""
    runs = getattr(sys.modules.get("genesis"), "_initialized", False)
    if not runs or _started != (device, threading.current_thread()):
        init_genesis(device)


def init_genesis(device: str = "cpu") -> None:
    """Start Genesis without messages, or restart it.

    device: one of simulation.genesis.devices.DEVICES. ConfigError if it is not available or Genesis is not installed.
    The seed is fixed: compiled kernels are cached by it, and nothing here draws from Genesis' generator.
    """
    global _started
    require("the physics simulation", "sim")
    check_device(device)
    import_genesis()
    import genesis as gs

    if getattr(gs, "_initialized", False):
        gs.destroy()
    _started = None
    for lock in remove_stale_locks(kernel_cache()):
        sys.stderr.write(f"{lock}: a killed process left the kernel cache locked; removed\n")
    gs.init(backend=gs.metal if device == "mps" else getattr(gs, device), precision="32", logging_level="error", seed=0)
    with contextlib.suppress(ImportError):
        import coacd

        coacd.set_log_level("error")
    _started = device, threading.current_thread()


def kernel_cache() -> Path:
    """The folder where Quadrants keeps compiled kernels; it must have been imported."""
    from quadrants.lang import impl

    return Path(os.environ.get("QD_OFFLINE_CACHE_FILE_PATH") or impl.default_cfg().offline_cache_file_path)


def remove_stale_locks(cache: Path) -> list[Path]:
    """Remove locks older than STALE_LOCK_S from Quadrants' cache folder; returns their files."""
    removed = []
    for lock in cache.glob("*/*.lock"):
        with contextlib.suppress(OSError):  # another process was quicker, or it is another user's
            if time.time() - lock.stat().st_mtime > STALE_LOCK_S:
                lock.unlink()
                removed.append(lock)
    return removed


def new_scene(**more: Any) -> Any:
    """An empty gs.Scene with the options of all scenes; more: further ones.

    Elliptic friction cones keep a held object from creeping.
    """
    import genesis as gs

    with quickly():  # the first scene imports more
        return gs.Scene(
            sim_options=gs.options.SimOptions(dt=TIME_STEP_S),
            rigid_options=gs.options.RigidOptions(
                dt=TIME_STEP_S, friction_cone=gs.friction_cone.elliptic, enable_self_collision=False
            ),
            show_viewer=False,
            show_FPS=False,
            **more,
        )
