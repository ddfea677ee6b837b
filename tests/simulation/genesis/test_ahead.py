"""The import of Genesis on a thread: nothing is left changed, and an error reaches who imports it in earnest."""

from __future__ import annotations

import gc
import inspect
import sys
import types

import pytest

from simulation.genesis.starting import ahead


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No import has begun."""
    monkeypatch.setattr(ahead, "_thread", None)


@pytest.mark.usefixtures("fresh")
def test_it_is_imported_once_on_a_thread_and_leaves_inspect_and_the_collector_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "genesis", types.ModuleType("genesis"))
    theirs = inspect.getframeinfo
    ahead.import_ahead()
    thread = ahead._thread
    ahead.import_ahead()
    assert ahead._thread is thread
    ahead.import_genesis()
    assert thread is not None
    assert not thread.is_alive()
    assert inspect.getframeinfo is theirs
    assert gc.isenabled()


@pytest.mark.usefixtures("fresh")
def test_an_error_on_the_thread_is_raised_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genesis", None)
    ahead.import_ahead()
    with pytest.raises(ImportError):
        ahead.import_genesis()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_the_block_as_before_it() -> None:
    with ahead.uncollected():
        with ahead.uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the outer block is not over"
    assert gc.isenabled()
    with pytest.raises(KeyError), ahead.uncollected():
        raise KeyError
    assert gc.isenabled()
