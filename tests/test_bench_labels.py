"""Labels by projection against a simulation of every pixel, in the same run."""

from __future__ import annotations

from typing import Any

import pytest

from perception.errors import ConfigError
from training.measure_labels import measure

pytest.importorskip("pytest_benchmark")


def test_one_view_is_no_measurement() -> None:
    with pytest.raises(ConfigError, match="at least 2"):
        measure(views=1)


def test_labels_are_a_hundred_times_quicker_than_a_trial_a_pixel(benchmark: Any) -> None:
    pytest.importorskip("genesis")
    from simulation.physics import init_genesis

    init_genesis()
    found = benchmark.pedantic(measure, kwargs={"views": 4}, rounds=1)
    benchmark.extra_info |= {key: round(value, 3) for key, value in found.items()}
    assert found["ratio"] >= 100
