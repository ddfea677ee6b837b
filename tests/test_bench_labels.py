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


def test_labels_by_projection_against_a_trial_a_pixel(benchmark: Any) -> None:
    """The ratio is the benchmark's `extra_info`; on a busy machine it is far from what docs/evaluation.md says."""
    pytest.importorskip("genesis")
    from simulation.physics import init_genesis

    init_genesis()
    found = benchmark.pedantic(measure, kwargs={"views": 4}, rounds=1)
    benchmark.extra_info |= {key: round(value, 3) for key, value in found.items()}
    assert found["pixels"] > 1000
    assert found["ratio"] > 5
