"""Laws of the time laws: limits hold, ends are met, position is the integral of speed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.genesis.profile import Trapezoid, min_jerk

positive = st.floats(0.05, 5.0)


@given(distance=st.floats(0.0, 10.0), speed=positive, accel=positive)
def test_trapezoid_keeps_its_limits_and_arrives(distance: float, speed: float, accel: float) -> None:
    law = Trapezoid(distance, speed, accel)
    times = np.linspace(-0.1, law.duration_s + 0.1, 2001)
    covered, speeds = np.array([law.at(t) for t in times]).T
    assert covered[0] == 0.0
    assert covered[-1] == pytest.approx(distance)
    assert (np.diff(covered) >= -1e-9).all()
    assert speeds.max() <= min(speed, np.sqrt(distance * accel)) + 1e-9
    assert np.abs(np.diff(speeds) / np.diff(times)).max() <= accel * (1 + 1e-6) + 1e-9
    assert np.trapezoid(speeds, times) == pytest.approx(distance, abs=2e-3 * max(distance, 1))


@pytest.mark.parametrize("values", [(-1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -1.0), (float("nan"), 1.0, 1.0)])
def test_trapezoid_refuses_nonsense(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a motion"):
        Trapezoid(*values)


@given(phase=st.floats(-1.0, 2.0))
def test_min_jerk_is_monotone_with_rest_at_both_ends(phase: float) -> None:
    value, rate = min_jerk(phase)
    assert 0.0 <= value <= 1.0
    assert 0.0 <= rate <= 1.875 + 1e-9
    assert min_jerk(-0.5) == (0.0, 0.0)
    assert min_jerk(1.5) == (1.0, 0.0)
    step = 1e-6
    if step < phase < 1 - step:
        assert (min_jerk(phase + step)[0] - min_jerk(phase - step)[0]) / (2 * step) == pytest.approx(rate, abs=1e-6)
