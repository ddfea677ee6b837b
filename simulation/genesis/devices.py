"""Devices that physics and training compute on."""

from __future__ import annotations

from typing import Final

from perception.base.errors import ConfigError

DEVICES: Final = ("cpu", "cuda", "mps")
"""The processor, an NVIDIA GPU, an Apple GPU."""


def available_devices() -> tuple[str, ...]:
    """The devices that torch can use on this machine."""
    import torch

    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(device for device in DEVICES if usable[device])


def check_device(device: str) -> None:
    """ConfigError, with the usable devices, if a device is unknown or not available."""
    if device == "cpu":
        return
    usable = available_devices()
    if device not in usable:
        raise ConfigError(f"--device {device}: torch finds no such device here; choose from: {', '.join(usable)}")
