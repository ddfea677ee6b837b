"""What physics and training compute on."""

from __future__ import annotations

from typing import Final

from perception.base.errors import ConfigError

DEVICES: Final = ("cpu", "cuda", "mps")
"""The processor, an NVIDIA card, an Apple one."""


def available_devices() -> tuple[str, ...]:
    """Those of DEVICES that torch can use here."""
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(device for device in DEVICES if there[device])


def check_device(device: str) -> None:
    """ConfigError, with those that can be used, if a device is unknown or not there."""
    if device == "cpu":
        return
    there = available_devices()
    if device not in there:
        raise ConfigError(f"--device {device}: torch finds no such device here; choose from: {', '.join(there)}")
