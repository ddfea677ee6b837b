"""The cheaper answer where a frame is, is the same answer, and still needed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from types import FrameType

import pytest

from simulation.genesis.starting.quick_import import quick_frames

COMPARE = """
import inspect
import json

theirs = inspect.getframeinfo
from simulation.genesis.starting.quick_import import quick_frames

counts = {"same": 0, "different": 0}
with quick_frames():
    ours = inspect.getframeinfo

    def both(frame, context=1):
        first, second = theirs(frame, context), ours(frame, context)
        counts["same" if first.code_context == second.code_context and first[:3] == second[:3] else "different"] += 1
        return first

    inspect.getframeinfo = both
    import genesis
print(json.dumps(counts))
"""


@pytest.mark.simulation
def test_every_kernel_of_genesis_gets_the_same_answer() -> None:
    program = subprocess.run([sys.executable, "-c", COMPARE], check=True, capture_output=True, text=True)
    counts = json.loads(program.stdout.splitlines()[-1])
    assert counts["different"] == 0
    assert counts["same"] > 1000, (
        "Quadrants asks inspect.getframeinfo no more: delete simulation/genesis/starting/quick_import"
    )


def frame() -> FrameType:
    here = inspect.currentframe()
    assert here is not None
    return here


def test_outside_the_block_and_for_other_questions_inspect_answers_itself() -> None:
    theirs, here = inspect.getframeinfo, frame()
    with quick_frames():
        quick = inspect.getframeinfo(here)
        assert inspect.getframeinfo(here, 3) == theirs(here, 3)
        unknown = compile("import sys\nhere = sys._getframe()", "<no file>", "exec")
        values: dict[str, FrameType] = {}
        exec(unknown, values)
        assert inspect.getframeinfo(values["here"]).code_context is None
    assert inspect.getframeinfo is theirs
    assert (quick.filename, quick.lineno, quick.function, quick.code_context, quick.index) == tuple(theirs(here))[:5]
