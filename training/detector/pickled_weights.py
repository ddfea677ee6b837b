"""Checks files from which ultralytics could run code: weights, which are pickles, and a data set's data.yaml.

With SAFE_LOAD ultralytics loads only networks of known layers and numbers. Files with more are refused unless the user
trusts them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from torch import nn

from perception.base.errors import ConfigError
from training.common.checkpoints import check_finite
from training.detector.torchvision_stub import import_ultralytics


def check_weights(path: Path, *, trust_pickle: bool = False) -> dict[str, Any]:
    """The content of a .pt file of ultralytics, with a network as `model` or `ema`.

    trust_pickle: load any content; then the file's maker can run any code here. ConfigError if the file is damaged or
    no such file, its weights are not finite, or it holds more than known layers and numbers and is not trusted.
    """
    tasks = import_ultralytics().nn.tasks
    if not trust_pickle and not getattr(getattr(tasks, "_SafeLoad", None), "SUPPORTED", False):
        text = "this version of ultralytics or torch cannot load it without running what is in it"
        raise ConfigError(f"{path}: {text}; give an exported .onnx, or --trust-pickle if you trust its maker")
    try:
        with trusting(trust_pickle):
            content, _ = tasks.torch_safe_load(str(path))
    except Exception as error:  # unpickling can raise anything
        if "outside the supported" in str(error) or isinstance(error, ImportError):
            text = "holds more than a YOLO network, and loading it could run any code on this machine; not loaded"
            advice = "give an exported .onnx, or --trust-pickle if you trust its maker"
            raise ConfigError(f"{path}: {text}. {advice}") from error
        raise ConfigError(f"{path}: damaged, or no weights of ultralytics ({type(error).__name__})") from error
    network_of(content, path)
    return cast("dict[str, Any]", content)


def network_of(content: dict[str, Any], path: Path) -> nn.Module:
    """The network in the content of a .pt file `path`, in 32 bits. ConfigError if there is none or it is not finite."""
    network = content.get("ema") or content.get("model")
    if not isinstance(network, nn.Module):
        raise ConfigError(f"{path}: holds no network of ultralytics; give best.pt or last.pt of a run")
    network = network.float()
    check_finite(network, path)
    return network


@contextlib.contextmanager
def trusting(trust_pickle: bool) -> Iterator[None]:
    """Inside, ultralytics loads any pickle if `trust_pickle` is true."""
    tasks = import_ultralytics().nn.tasks
    tasks.SAFE_LOAD = not trust_pickle
    try:
        yield
    finally:
        tasks.SAFE_LOAD = True


def check_data(data: Path) -> list[str]:
    """The class names of a data.yaml. ConfigError if it is invalid, or has a command that ultralytics would run."""
    try:
        content = import_ultralytics().utils.YAML.load(str(data))
    except Exception as error:  # the reader can raise anything
        raise ConfigError(f"{data}: not a data.yaml that can be read ({type(error).__name__})") from error
    if not isinstance(content, dict) or "names" not in content:
        raise ConfigError(
            f"{data}: not the data.yaml of a data set; make one with python -m training.detector.rendered.composite"
        )
    if "download" in content:
        raise ConfigError(f"{data}: has `download`, a command that ultralytics would run; remove that line")
    names = content["names"]
    return [str(name) for name in (names.values() if isinstance(names, dict) else names or ())]
