"""Linear algebra on one thread.

For a large product numpy's BLAS wakes its other threads, which then spin for a while waiting for more. Meanwhile they
hold the cores that the networks need.
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
