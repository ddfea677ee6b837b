"""Makes the import of Genesis quicker: Quadrants learns in a cheaper way whether a kernel stands in a class."""

from __future__ import annotations

import contextlib
import io
import itertools
import linecache
import os
import sys
from contextlib import redirect_stdout


def quicken_kernels() -> None:
    """Call before `import genesis`. Does nothing for a Quadrants that no longer asks `inspect.getframeinfo`.

    Each of the 1,200 decorators of Genesis asks for one line of source. `inspect` walks all of `sys.modules` for it;
    `linecache` reads the same line from the file. See docs/reports/2026-11-genesis-import.md.
    """
    os.environ.setdefault("QD_ENABLE_PYBUF", "0" if sys.stdout is sys.__stdout__ else "1")  # as Genesis does
    with redirect_stdout(io.StringIO()):  # its greeting
        from quadrants.lang import kernel_impl
    theirs = getattr(kernel_impl, "_inside_class", None)
    if theirs is None or "getframeinfo" not in theirs.__code__.co_names:
        return

    def inside_class(level_of_class_stackframe: int) -> bool:
        """Whether the statement that a frame is at begins a class or a data-oriented one."""
        with contextlib.suppress(ValueError, StopIteration):  # no frame so far up; an instruction without a position
            frame = sys._getframe(level_of_class_stackframe)
            position = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
            line = linecache.getline(frame.f_code.co_filename, position[0] or frame.f_lineno).strip()
            return any(pattern.match(line) for pattern in kernel_impl._KERNEL_CLASS_STACKFRAME_STMT_RES)
        return False

    kernel_impl._inside_class = inside_class
