"""The processor a result was computed on: the same seed gives the same bytes on the same kind of processor alone."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any, Final

from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_bytes

FLAGS: Final = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "neon", "asimd", "sve")
"""Instruction sets that libraries choose their arithmetic by, as Linux calls them."""


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """model: its name, or the architecture's. flags: which of FLAGS it has; None where the system does not say.
    cores: how many this process may use."""
    try:
        text = read_bytes(cpuinfo, "list of processors", LIST_BYTES).decode(errors="replace")
    except ConfigError:
        text = ""
    first = text.split("\n\n")[0].splitlines()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first)}
    flags = facts.get("flags", facts.get("Features"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "model": facts.get("model name") or platform.processor() or platform.machine(),
        "flags": None if flags is None else [flag for flag in FLAGS if flag in flags.split()],
        "cores": cores,
    }
