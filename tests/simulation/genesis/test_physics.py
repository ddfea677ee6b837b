"""How Genesis starts: without remarks. A process that was killed while it wrote the kernel cache does not cost every
later one its compiled kernels."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulation.genesis.physics import STALE_LOCK_S, remove_stale_locks
from tests.support.places import ROOT

KERNEL = """
import sys
import quadrants as qd

qd.init(arch=qd.cpu, log_level="error", offline_cache_file_path=sys.argv[1])
numbers = qd.field(qd.i32, shape=8)


@qd.kernel
def fill():
    for index in numbers:
        numbers[index] = index * {factor}


fill()
assert numbers[7] == 7 * {factor}
"""


def age(lock: Path, seconds: float) -> None:
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    os.utime(lock, (time.time() - seconds,) * 2)


def test_only_locks_that_nobody_can_hold_any_more_are_removed(tmp_path: Path) -> None:
    held, left, kept = (tmp_path / "kernels" / name for name in ("held.lock", "left.lock", "kernel.qdc"))
    age(held, 0.2 * STALE_LOCK_S)
    age(left, 2 * STALE_LOCK_S)
    age(kept, 2 * STALE_LOCK_S)
    assert remove_stale_locks(tmp_path) == [left]
    assert sorted(path.name for path in held.parent.iterdir()) == ["held.lock", "kernel.qdc"]
    assert remove_stale_locks(tmp_path / "nowhere") == []


@pytest.mark.slow
def test_a_lock_left_behind_keeps_quadrants_from_keeping_kernels_until_it_is_removed(tmp_path: Path) -> None:
    pytest.importorskip("quadrants")
    cache = tmp_path / "cache"

    def compiled(factor: int) -> int:
        """Kernels in the cache after a program that has one of its own."""
        program = tmp_path / f"program_{factor}.py"
        program.write_text(KERNEL.format(factor=factor))
        subprocess.run([sys.executable, str(program), str(cache)], check=True, capture_output=True)
        return len(list(cache.rglob("*.qdc")))

    first = compiled(2)
    assert first > 0
    age(cache / "kernel_compilation_manager" / "qdcache.lock", 2 * STALE_LOCK_S)
    assert compiled(3) == first, "the lock's name or what it does has changed: see simulation/genesis/physics.py"
    assert len(remove_stale_locks(cache)) == 1
    assert compiled(5) > first


@pytest.mark.simulation
def test_a_program_that_wraps_its_stdout_reads_no_remark_of_the_simulator() -> None:
    code = (
        "import io, sys; sys.stdout = io.TextIOWrapper(sys.stdout.buffer)\n"
        "from simulation.genesis.physics import init_genesis; init_genesis()\n"
        "import genesis as gs; scene = gs.Scene(show_viewer=False); scene.add_entity(gs.morphs.Plane())\n"
        "scene.build(); scene.step()"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
