"""The import of Genesis: nothing is left changed, also by an error."""

from __future__ import annotations

import gc
import inspect
import sys
import types

import pytest

from simulation.genesis.starting import importing


def test_the_import_leaves_inspect_and_the_collector_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = inspect.getframeinfo
    monkeypatch.setitem(sys.modules, "genesis", types.ModuleType("genesis"))
    importing.import_genesis()
    monkeypatch.setitem(sys.modules, "genesis", None)
    with pytest.raises(ImportError):
        importing.import_genesis()
    assert inspect.getframeinfo is theirs
    assert gc.isenabled()


def test_garbage_is_collected_again_after_the_block_as_before_it() -> None:
    with importing.uncollected():
        with importing.uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the outer block is not over"
    assert gc.isenabled()
    with pytest.raises(KeyError), importing.uncollected():
        raise KeyError
    assert gc.isenabled()
