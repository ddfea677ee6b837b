"""The depth sensor model against what was measured on the real one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.types import Intrinsics
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.synthetic import HAND_CAMERA, Cylinder, camera_at, render

WALL = np.full((480, 640), 0.65, np.float32)
VIEW = render(Cylinder(), camera_at((-0.5, 0.0, 0.7), (0.0, 0.0, 0.61)))
ALIGNED = {"lateral_m": (0.0, 0.0), "vertical_m": (0.0, 0.0), "roll_rad": 0.0}
UNBIASED = {"bias_scale": 0.0, "bias_m": 0.0}


def sensor(seed: int = 0, **changes: object) -> DepthSensor:
    return DepthSensor(DepthSensorConfig(**changes), np.random.default_rng(seed))  # type: ignore[arg-type]


def test_same_generator_same_pictures_and_another_seed_another() -> None:
    first, again, other = sensor(3), sensor(3), sensor(4)
    pictures = [s.measure(VIEW.depth, HAND_CAMERA) for s in (first, again, other)]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
    second = first.measure(VIEW.depth, HAND_CAMERA)
    assert not np.array_equal(second, pictures[0])  # new noise in every frame
    assert np.array_equal(second, again.measure(VIEW.depth, HAND_CAMERA))


def test_input_is_left_alone_and_output_is_metres() -> None:
    clean = VIEW.depth.copy()
    picture = sensor().measure(clean, HAND_CAMERA)
    assert np.array_equal(clean, VIEW.depth)
    assert picture.shape == (480, 640)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), z=st.floats(0.05, 6.0), slope=st.floats(-1.0, 1.0))
def test_values_are_whole_millimetres_in_range(seed: int, z: float, slope: float) -> None:
    clean = (z * (1.0 + slope * np.linspace(-0.5, 0.5, 640))[None, :] * np.ones((480, 1))).astype(np.float32)
    picture = sensor(seed).measure(clean, HAND_CAMERA)
    seen = picture[picture > 0]
    assert ((seen >= 0.1 - 1e-6) & (seen <= 4.0 + 1e-6)).all()
    assert np.abs(seen * 1000 - np.round(seen * 1000)).max(initial=0.0) < 1e-3


def test_side_bars_blocks_and_corners() -> None:
    picture = sensor(**ALIGNED).measure(WALL, HAND_CAMERA)
    assert not picture[:, :124].any()
    assert not picture[:, 567:].any()
    assert (picture[:, 124:132] > 0).any()
    assert (picture[:, 555:567] > 0).any()
    assert not picture[:8, :132].any()  # rounded corner
    changes = (np.diff(picture[240, 130:560]) != 0).sum()
    assert changes < 430 / 2.4  # one native pixel is 2.62 colour pixels


def test_validity_falls_with_incidence_as_measured() -> None:
    u = (np.arange(640) - 320.0) / 552.0291
    shares = []
    for degrees in (5.0, 19.0, 53.0):
        slanted = 0.65 / (1.0 - np.tan(np.radians(degrees)) * u)
        clean = np.tile(slanted.astype(np.float32), (480, 1))
        picture = sensor(1, **ALIGNED).measure(clean, HAND_CAMERA)
        shares.append((picture[100:380, 300:340] > 0).mean())
    assert shares == pytest.approx([0.96, 0.95, 0.77], abs=0.04)


def test_noise_and_its_correlation_are_as_measured() -> None:
    s = sensor(2, drop_facing=0.0, drop_slope=0.0, **ALIGNED)
    frames = np.stack([s.measure(WALL, HAND_CAMERA, material_mm=14.0)[60:420, 200:500] for _ in range(12)])
    noise = frames - frames.mean(axis=0)
    sigma = noise.std() * np.sqrt(12 / 11)
    assert sigma == pytest.approx(0.014 * 0.65**1.15, rel=0.05)
    correlation = [(noise[..., k:] * noise[..., :-k]).mean() / (noise**2).mean() for k in (1, 2, 4, 8)]
    assert correlation == pytest.approx([0.85, 0.68, 0.35, 0.03], abs=0.06)


def test_fixed_pattern_and_bias_stay_for_an_episode() -> None:
    s = sensor(5, drop_facing=0.0, drop_slope=0.0, **ALIGNED)
    means = [
        np.mean([s.measure(WALL, HAND_CAMERA, material_mm=2.5)[60:420, 200:500] for _ in range(6)], axis=0)
        for _ in range(2)
    ]
    assert np.corrcoef(means[0].ravel(), means[1].ravel())[0, 1] > 0.95
    assert means[0].std() == pytest.approx(0.005, rel=0.25)
    assert means[0].mean() == pytest.approx(0.65 * s.scale + s.offset_m, abs=0.0015)


@pytest.mark.parametrize("lateral", [-0.015, 0.0, 0.005])
def test_registration_error_moves_near_things_more(lateral: float) -> None:
    s = sensor(0, lateral_m=(lateral, lateral), vertical_m=(0.0, 0.0), roll_rad=0.0, **UNBIASED)
    near = np.stack([s.measure(VIEW.depth, HAND_CAMERA) for _ in range(4)]).max(axis=0)
    rows = slice(150, 330)
    columns = np.nonzero(((near[rows] > 0.4) & (near[rows] < 0.56)).mean(axis=0) > 0.5)[0]
    truth = np.nonzero(VIEW.mask[240])[0]
    shift = (columns.min() + columns.max() - truth.min() - truth.max()) / 2
    assert shift == pytest.approx(552.0 * lateral / 0.475, abs=4.0)


def test_edges_float_and_background_left_of_the_object_is_hidden() -> None:
    picture = sensor(1, **ALIGNED, **UNBIASED).measure(VIEW.depth, HAND_CAMERA)
    rows = slice(160, 320)
    floating = (picture[rows] > 0.6) & (picture[rows] < 1.6)
    edge = np.nonzero(VIEW.mask[240])[0]
    assert floating[:, edge.min() - 4 : edge.max() + 5].any()
    left = (picture[rows, edge.min() - 15 : edge.min() - 3] > 0).mean()
    right = (picture[rows, edge.max() + 4 : edge.max() + 16] > 0).mean()
    assert left < 0.35 < 0.7 < right  # the parallax shadow is 18 px wide here


def test_polished_metal_loses_highlight_and_flanks() -> None:
    specular = VIEW.mask.copy()
    s = sensor(3, **ALIGNED)
    plain = np.stack([s.measure(VIEW.depth, HAND_CAMERA, VIEW.normals) > 0 for _ in range(8)]).mean(axis=0)
    metal = np.stack([s.measure(VIEW.depth, HAND_CAMERA, VIEW.normals, specular=specular) > 0 for _ in range(8)])
    columns = np.nonzero(VIEW.mask[240])[0]
    width = columns.size
    rows = slice(200, 300)
    flank = slice(columns.min() + 3, columns.min() + width // 12)
    assert plain[rows, flank].mean() > metal.mean(axis=0)[rows, flank].mean() + 0.3
    shoulder = slice(columns.min() + width // 4, columns.min() + width // 3)
    assert metal.mean(axis=0)[rows, shoulder].mean() > 0.7


def test_nothing_beyond_range_or_where_the_picture_is_empty() -> None:
    for value in (0.0, 0.02, 5.0, 19.9995, np.nan, np.inf):
        clean = np.full((480, 640), value, np.float32)
        assert not sensor().measure(clean, HAND_CAMERA).any()


def test_ideal_is_the_clean_depth_within_range() -> None:
    clean = VIEW.depth.copy()
    clean[0, 0] = 0.05
    picture = sensor(ideal=True).measure(clean, HAND_CAMERA)
    assert picture[0, 0] == 0.0
    assert np.array_equal(picture[VIEW.mask], clean[VIEW.mask])
    assert not picture[clean > 4.0].any()


def test_other_camera_sizes_and_wrong_shapes() -> None:
    small = Intrinsics(320, 240, 276.0, 276.0, 160.0, 120.0)
    picture = sensor().measure(np.full((240, 320), 0.6, np.float32), small)
    assert picture.shape == (240, 320)
    assert not picture[:, :61].any()
    assert (picture > 0).mean() > 0.5
    with pytest.raises(ValueError, match=r"\(240, 320\)"):
        sensor().measure(WALL, small)


def test_registration_tears_no_seams_into_a_slanted_surface() -> None:
    u = (np.arange(640) - 320.0) / 552.0291
    clean = np.tile((0.6 / (1.0 - 1.2 * u)).astype(np.float32), (480, 1))  # 50 degrees; the shift changes along it
    s = sensor(0, drop_facing=0.0, drop_slope=0.0, lateral_m=(-0.015, -0.015), vertical_m=(0.0, 0.0), roll_rad=0.0)
    filled = (s.measure(clean, HAND_CAMERA)[100:380, 140:500] > 0).mean(axis=0)
    assert filled.min() > 0.5
