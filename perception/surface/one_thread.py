"""Linear algebra on one thread.

For a large product numpy's BLAS wakes its other threads, which then spin for a while waiting for more. Meanwhile they
hold the cores that the networks need: with other programs on both of two cores, a look for things took three times as
long. Commands keep to one thread from their start (`spot_grasp_main`); this is for callers from Python.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def on_one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """A function during which the linear algebra of the libraries that are loaded at the first call has one thread."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
