"""The cheaper answer whether a kernel stands in a class is the same answer, and still needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

COMPARE = """
import json
from quadrants.lang import kernel_impl

theirs = kernel_impl._inside_class
from simulation.genesis.quick_import import quicken_kernels

quicken_kernels()
ours = kernel_impl._inside_class
answers = {"same": 0, "different": 0, "in a class": 0}


def both(level_of_class_stackframe):
    first, second = theirs(level_of_class_stackframe + 1), ours(level_of_class_stackframe + 1)
    answers["same" if first == second else "different"] += 1
    answers["in a class"] += first
    return first


kernel_impl._inside_class = both
import genesis
print(json.dumps({**answers, "replaced": ours is not theirs}))
"""


@pytest.mark.simulation
def test_every_kernel_of_genesis_gets_the_same_answer() -> None:
    program = subprocess.run([sys.executable, "-c", COMPARE], check=True, capture_output=True, text=True)
    answers = json.loads(program.stdout.splitlines()[-1])
    assert answers["replaced"], "Quadrants no longer asks inspect.getframeinfo: delete simulation/genesis/quick_import"
    assert answers["different"] == 0
    assert answers["in a class"] > 100
    assert answers["same"] > 1000


@pytest.mark.simulation
def test_the_replacement_is_what_genesis_is_imported_with() -> None:
    words = "import sys; from simulation.genesis.physics import init_genesis; init_genesis(); {}"
    words = words.format("from quadrants.lang import kernel_impl; print(kernel_impl._inside_class.__module__)")
    program = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    assert program.stdout == "simulation.genesis.quick_import\n"
