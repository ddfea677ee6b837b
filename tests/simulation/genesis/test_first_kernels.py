"""A first start says how far the compiling of kernels is; every other one says nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from simulation.genesis.starting.first_kernels import FOLDER, KernelWatch, compiling_told


def compiled(cache: Path, name: str) -> None:
    (cache / FOLDER).mkdir(parents=True, exist_ok=True)
    (cache / FOLDER / f"{name}.cache.txt").touch()


def test_only_new_kernels_are_told_each_number_once(tmp_path: Path) -> None:
    lines: list[str] = []
    compiled(tmp_path, "old")
    watch = KernelWatch(tmp_path, lines.append)
    watch.look()
    assert lines == []
    (tmp_path / FOLDER / "new.tmp").touch()
    compiled(tmp_path, "one")
    compiled(tmp_path, "two")
    watch.look()
    watch.look()
    assert [line.rpartition(": ")[2] for line in lines] == ["2 of about 60 kernels"]


def test_it_is_told_while_the_block_lasts_and_a_folder_that_comes_later_is_found(tmp_path: Path) -> None:
    told = threading.Event()
    lines: list[str] = []

    def tell(text: str) -> None:
        lines.append(text)
        told.set()

    with compiling_told(tmp_path, tell, every_s=0.01):
        compiled(tmp_path, "one")
        assert told.wait(60)
    assert lines == ["compiling the physics, which happens once on a machine: 1 of about 60 kernels"]
    assert not any(thread.name == "kernels" for thread in threading.enumerate())
