"""Lets ultralytics run where torchvision is missing, or does not import because there is no CPU build of it.

Ultralytics needs only one thing of it here: non-maximum suppression, of which it has its own in torch.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import sys
import types
from typing import Any


def import_ultralytics() -> Any:
    """The ultralytics module, usable without torchvision. ConfigError naming the extra where it is not installed."""
    import os
    import tempfile

    from perception.errors import ConfigError

    os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.mkdtemp(prefix="spot-grasp-yolo-"))
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        stub, ops = types.ModuleType("torchvision"), types.ModuleType("torchvision.ops")
        stub.__spec__ = importlib.machinery.ModuleSpec("torchvision", None)
        ops.__spec__ = importlib.machinery.ModuleSpec("torchvision.ops", None)
        stub.__version__ = "0.0.0"  # type: ignore[attr-defined]
        stub.ops = ops  # type: ignore[attr-defined]
        sys.modules.update({"torchvision": stub, "torchvision.ops": ops})
    version = importlib.metadata.version
    with_stub = {"torchvision": "0.0.0"} if sys.modules["torchvision"].__version__ == "0.0.0" else {}
    importlib.metadata.version = lambda name: with_stub.get(name) or version(name)  # asked for at ultralytics' import
    try:
        import ultralytics
    except ImportError as error:
        raise ConfigError(f"ultralytics is not installed ({error}); type: pip install --no-deps ultralytics") from error
    finally:
        importlib.metadata.version = version
    stub_module: Any = sys.modules["torchvision"]
    if stub_module.__version__ == "0.0.0":
        from ultralytics.utils.nms import TorchNMS

        stub_module.ops.nms = TorchNMS.nms
    ultralytics.settings.update({"sync": False})
    return ultralytics
