"""Labels by projection against a simulation of every pixel, in the same run."""

from __future__ import annotations

import os
from typing import Any

import pytest

from perception.base.errors import ConfigError
from training.studies.measure_labels import measure

pytest.importorskip("pytest_benchmark")


def test_one_view_is_no_measurement() -> None:
    with pytest.raises(ConfigError, match="at least 2"):
        measure(views=1)


@pytest.mark.simulation
@pytest.mark.timeout(3000)  # half a minute by itself; physics beside other work that goes first takes far longer
def test_labels_by_projection_against_a_trial_a_pixel(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ratio is the benchmark's `extra_info`. What docs/evaluation.md says is of full batches: SPOT_GRASP_LONG=1."""
    from simulation.genesis.physics import init_genesis

    if not os.environ.get("SPOT_GRASP_LONG"):
        monkeypatch.setattr("training.studies.measure_labels.BATCH", 32)
    init_genesis()
    found = benchmark.pedantic(measure, kwargs={"views": 2}, rounds=1)
    benchmark.extra_info |= {key: round(value, 3) for key, value in found.items()}
    assert found["pixels"] > 1000
    assert found["ratio"] > (5 if os.environ.get("SPOT_GRASP_LONG") else 1)  # a busy machine decides how much more
