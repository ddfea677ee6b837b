"""What holds for all tests."""

from __future__ import annotations

import os
from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.installed import Installed, install_wheel

# Where several processes share the tests, each takes one thread: threads that spin while they wait starve the others.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no fault of the code: no law fails because one of its examples took long.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("patient"), max_examples=25)
settings.load_profile("patient")
# Genesis tells the processor that subnormal numbers are 0, which then holds for all later tests of the process.
vars(st)["floats"] = partial(st.floats, allow_subnormal=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in physics need Genesis. The files that take longest come first: groups, then files with slow tests."""
    for item in items:
        if item.get_closest_marker("simulation"):
            item.add_marker(pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed"))
    first, second = (
        {item.path for item in items if any(item.get_closest_marker(mark) for mark in marks)}
        for marks in (("simulation", "xdist_group"), ("slow",))
    )
    items.sort(key=lambda item: (item.path not in first, item.path not in second))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files and groups of files for each process, in the place of --dist loadgroup."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.support.sharing import Sharing

    return Sharing(config, log)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own. Its tests are of the xdist group "installed": one worker builds it."""
    return install_wheel(tmp_path_factory.mktemp("installed"))
