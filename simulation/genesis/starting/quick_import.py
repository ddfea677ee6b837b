"""Makes the import of Genesis quicker: `inspect` finds the line of a frame without looking at every module."""

from __future__ import annotations

import inspect
import itertools
import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def quick_frames() -> Iterator[None]:
    """For `import genesis`: inside, `inspect.getframeinfo` answers for frames from `linecache`.

    Each of the 1,300 decorators of Quadrants and Genesis asks for one line of source, to see whether it stands in a
    class. `inspect` walks all of `sys.modules` for it. See docs/reports/2026-11-genesis-import.md.
    """
    theirs = inspect.getframeinfo

    def ours(frame: Any, context: int = 1) -> Any:
        if context != 1 or not isinstance(frame, FrameType):
            return theirs(frame, context)
        position = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), (None,))
        number, file = position[0] or frame.f_lineno, frame.f_code.co_filename
        line = linecache.getline(file, number)
        return inspect.Traceback(file, number, frame.f_code.co_name, [line] if line else None, 0 if line else None)

    inspect.getframeinfo = ours
    try:
        yield
    finally:
        inspect.getframeinfo = theirs
