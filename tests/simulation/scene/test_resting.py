"""How bodies lie, and the low objects that lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from simulation.scene.low_objects import LOW_FAMILIES, make_any_object, make_low_object
from simulation.scene.objects import make_object
from simulation.scene.resting import resting_poses

pytest.importorskip("trimesh")


@pytest.mark.slow
@given(st.sampled_from(LOW_FAMILIES), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_low_objects_stand_on_the_floor_and_are_of_a_size_to_grip(family: str, seed: int) -> None:
    thing = make_low_object(family, seed)  # type: ignore[arg-type]
    assert thing.vertices[:, 2].min() == pytest.approx(0.0)
    assert 0.01 < np.ptp(thing.vertices, axis=0).min() < 0.11
    assert np.ptp(thing.vertices, axis=0).max() < 0.40
    assert np.array_equal(thing.vertices, make_low_object(family, seed).vertices)  # type: ignore[arg-type]
    assert thing.volume_m3 > 0
    assert (thing.uv >= 0).all()
    assert (thing.uv <= 1).all()


def test_an_unknown_family_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="fruit"):
        make_low_object("pear", 0)  # type: ignore[arg-type]


@pytest.mark.slow
@given(st.sampled_from(LOW_FAMILIES), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_body_lies_on_three_points_about_its_middle(family: str, seed: int) -> None:
    thing = make_low_object(family, seed)  # type: ignore[arg-type]
    middle = thing.mesh().convex_hull.center_mass
    for pose, share in resting_poses(thing.vertices, 3, seed):
        points = pose.transform(thing.vertices)
        assert points[:, 2].min() == pytest.approx(0.0, abs=1e-6)
        assert 0.0 < share <= 1.0 + 1e-9
        foot = points[points[:, 2] < 0.001, :2]
        out = foot - pose.transform(middle)[:2]
        angles = np.sort(np.arctan2(out[:, 1], out[:, 0]))
        gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
        assert gaps.max() < np.pi + 0.05, "its middle is over its foot"


def test_a_bottle_lies_and_stands() -> None:
    thing = make_object("bottle", 5)
    heights = [np.ptp(pose.transform(thing.vertices)[:, 2]) for pose, _ in resting_poses(thing.vertices, 3, 0)]
    assert heights[0] == pytest.approx(2 * thing.radius_m, abs=0.003), "lying is likeliest"
    assert max(heights) == pytest.approx(thing.height_m, abs=0.003)


@pytest.mark.parametrize("family", ["bottle", "can", "mug", "jar", "bowl"])
def test_what_people_put_upright_stands_first_where_that_is_asked_for(family: str) -> None:
    for seed in range(4):
        thing = make_any_object(family, seed)
        upright, *others = resting_poses(thing.vertices, 3, seed, standing_first=True)
        assert upright[0].rotation[2, 2] == pytest.approx(1.0, abs=1e-3)
        assert all(pose.rotation[2, 2] < 0.95 for pose, _ in others)
        likeliest = resting_poses(thing.vertices, 3, seed)[0]
        assert likeliest[1] == max(share for _, share in [upright, *others]), "the likeliest is left among them"
