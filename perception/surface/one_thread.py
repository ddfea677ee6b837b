"""Linear algebra on one thread.

Above some 500,000 multiplications numpy's BLAS wakes its other threads, which then spin for a tenth of a second waiting
for more: longer than the whole perception of a frame, whose networks need every core. On two cores these ran up to
3 times slower for it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Context in which the linear algebra of the libraries that are loaded at its first use stays on one thread."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited
