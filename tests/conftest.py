"""What holds for all tests."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

from tests.support.installed import Installed, install_wheel

# Where several processes share the tests, each takes one thread: threads that spin while they wait starve the others.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no fault of the code: no law fails because one of its examples took long.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("patient"), max_examples=25)
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in physics need Genesis, are done by one worker, and begin first, since that worker has most to do."""
    for item in items:
        if item.get_closest_marker("simulation"):
            item.add_marker(pytest.mark.xdist_group("genesis"))
            item.add_marker(pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed"))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own. Its tests are of the xdist group "installed": one worker builds it."""
    return install_wheel(tmp_path_factory.mktemp("installed"))
