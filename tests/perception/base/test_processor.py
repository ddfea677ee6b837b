"""What a run says about the processor it was computed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.processor import processor

X86 = "processor\t: 0\nmodel name\t: A Processor 3000\nflags\t\t: fpu sse2 fma avx avx2 avx512\n\nmodel name\t: B\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50\nFeatures\t: fp asimd sve\nCPU part\t: 0xd0c\n"


@pytest.mark.parametrize(
    ("text", "model", "flags"), [(X86, "A Processor 3000", ["avx", "avx2", "fma"]), (ARM, "", ["asimd", "sve"])]
)
def test_model_and_instruction_sets(tmp_path: Path, text: str, model: str, flags: list[str]) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    found = processor(file)
    assert found["flags"] == flags
    assert found["model"] == model or (not model and found["model"])
    assert found["cores"] >= 1


def test_a_system_that_does_not_say() -> None:
    assert processor(Path("/nowhere"))["flags"] is None


def test_a_runs_configuration_names_it(tmp_path: Path) -> None:
    arguments = ["run", "search", "--robot", "fake", "--view", "none", "--record", str(tmp_path / "run")]
    assert main(arguments, Interrupts()) == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text())["processor"] == processor()
