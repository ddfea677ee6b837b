"""Lets ultralytics run without torchvision, whose CPU build does not import beside the CPU build of torch.

Ultralytics needs torchvision here only for non-maximum suppression, which it also has in torch, and reads torchvision's
version during its own import. A stand-in answers both: a module in sys.modules and, during that import, a patched
importlib.metadata.version. An installed torchvision is never imported, so that training runs the same code everywhere.
Both changes are process-wide. It can go when ultralytics imports without torchvision, or when a torchvision is
published that fits the CPU build of torch.
"""

from __future__ import annotations

import atexit
import importlib.machinery
import importlib.metadata
import os
import shutil
import sys
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from perception.base.errors import ConfigError
from perception.base.extras import ultralytics_line

STAND_IN_VERSION = "0.0.0"


def import_ultralytics() -> Any:
    """The ultralytics module, without torchvision, network access or a settings file in the home folder.

    OpenMP may use all cores, at most 8; ultralytics would limit it to one thread. What it writes goes to stderr, as
    stdout is for answers. ConfigError, with the command to install it, if it is not installed.
    """
    if "YOLO_CONFIG_DIR" not in os.environ:
        os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp(prefix="spot-grasp-yolo-")
        atexit.register(shutil.rmtree, os.environ["YOLO_CONFIG_DIR"], ignore_errors=True)
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("OMP_NUM_THREADS", str(min(8, os.cpu_count() or 1)))
    _put_stand_in()
    try:
        with _version_of_stand_in(), redirect_stdout(sys.stderr):
            import ultralytics
            import ultralytics.nn.tasks
            from ultralytics.utils.nms import TorchNMS
    except ImportError as error:
        raise ConfigError(f"ultralytics does not import ({error}); type: {ultralytics_line()}") from error
    sys.modules["torchvision"].ops.nms = TorchNMS.nms
    with redirect_stdout(sys.stderr):
        ultralytics.settings.update({"sync": False})
    ultralytics.nn.tasks.SAFE_LOAD = True  # see training.detector.pickled_weights
    return ultralytics


def _put_stand_in() -> None:
    present = sys.modules.get("torchvision")
    if getattr(present, "__version__", None) == STAND_IN_VERSION:
        return
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    package, ops = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
    for module in (package, ops):
        module.__spec__ = importlib.machinery.ModuleSpec(module.__name__, None)
    package.__dict__.update(__version__=STAND_IN_VERSION, ops=ops)
    sys.modules.update({"torchvision": package, "torchvision.ops": ops})


@contextmanager
def _version_of_stand_in() -> Iterator[None]:
    original = importlib.metadata.version

    def version(distribution_name: str) -> str:
        return STAND_IN_VERSION if distribution_name == "torchvision" else original(distribution_name)

    importlib.metadata.version = version
    try:
        yield
    finally:
        importlib.metadata.version = original
