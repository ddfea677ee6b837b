"""The numbers of what is read from depth and outline, which a file can change."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DepthSettings:
    """How the depth is moved under the mask, and which of it is the object's near surface.

    layer_m, layer_growth: thickness of one layer of depth, metres, and metres more per metre of range. It holds the
    visible half of a bottle and the sensor's noise, and is thinner than the gap to a wall behind.
    layer_filled: the nearest layer with at least this share of the fullest one's pixels is the object's.
    beside_m: the depth lies at most so far beside the colour picture, metres.
    matched_rows: rows of the mask that are compared; up to twice as many. most_layers: layers that are tried.
    nearer_wins: share by which a layer further away must fit the mask better.
    shift_fit: least score of a shift that is believed, per pixel of the mask; a perfect one has about 1.
    shift_gain: least gain of its score over that of no shift, as a share, for a shift as wide as the mask.
    """

    layer_m: float = 0.035
    layer_growth: float = 0.025
    layer_filled: float = 0.4
    beside_m: float = 0.022
    matched_rows: int = 64
    most_layers: int = 8
    nearer_wins: float = 0.05
    shift_fit: float = 0.2
    shift_gain: float = 0.7


@dataclass(frozen=True)
class BesideSettings:
    """How it is found how far a depth picture lies beside its colour picture; see `perception.surface.beside`.

    every_row: of the depth is looked at. least_m, least_share: of a step, metres, and of the nearer depth. gap_px: most
    columns without return in a step. least_steps: fewer say nothing. most_m, step_m: offsets that are tried, metres.
    stands_out: the best offset fits so much better than the median of all.
    """

    every_row: int = 2
    least_m: float = 0.04
    least_share: float = 0.04
    gap_px: int = 8
    least_steps: int = 40
    most_m: float = 0.024
    step_m: float = 0.0005
    stands_out: float = 1.6


@dataclass(frozen=True)
class OutlineSettings:
    """What a mask says of the object.

    least_px: a smaller mask is not placed. upright_rad: an axis nearer than this to the vertical is the vertical.
    elongated: length over width from which a mask has an axis of its own.
    """

    least_px: int = 30
    upright_rad: float = math.radians(25.0)
    elongated: float = 1.25


@dataclass(frozen=True)
class NormalSettings:
    """The window of the plane fit.

    share: its standard deviation over the object's width in the picture. sigma_px: bounds of that deviation. upright:
    factor of the deviation along the axis of an upright object.
    """

    share: float = 0.18
    sigma_px: tuple[float, float] = (4.0, 20.0)
    upright: float = 1.6


@dataclass(frozen=True)
class BoxSettings:
    """When an upright body is a box; see `perception.surface.cross_section`. Metres, radians, pixels.

    bin_rad: width of a bearing bin, one pixel of the depth sensor. min_bins, min_per_bin: bins, and points in each,
    that a scan needs. covered: share of the bins between the outline's sides that must have depth.
    row_step_px, column_step_px: every so many rows and columns of the picture are read.
    same_width: rows of one body differ in width by at most this factor. top_m, low_m: left out below the highest and
    above the lowest point. layer_m: half the depth of what may be the object's.
    pattern_m, pattern_px: deviation of the sensor's fixed pattern, and its blur in the sensor's pixels.
    floor_m, edge_m: deviation of the model itself, and of the outermost bin.
    shift_m, wider: how far aside of the outline a circle may lie, and its widths over the outline's.
    yaw_steps, edge_steps: grid of headings and edges that is searched.
    better, better_plus: a box is believed if round - box > better (box + better_plus), both misfits in chi squared.
    worst: most chi squared a bin of a box that is believed.
    """

    bin_rad: float = 1.0 / 210.6
    min_bins: int = 8
    min_per_bin: int = 6
    covered: float = 0.75
    row_step_px: int = 3
    column_step_px: int = 2
    same_width: float = 1.08
    top_m: float = 0.012
    low_m: float = 0.004
    layer_m: float = 0.055
    pattern_m: float = 0.005
    pattern_px: float = 3.0
    floor_m: float = 0.001
    edge_m: float = 0.004
    shift_m: float = 0.004
    wider: tuple[float, ...] = (0.94, 1.0, 1.06)
    yaw_steps: int = 30
    edge_steps: int = 21
    better: float = 0.5
    better_plus: float = 10.0
    worst: float = 1.0


@dataclass(frozen=True)
class SupportSettings:
    """How the plane under an object is searched; see `perception.surface.support`. Metres and radians.

    around_m: how far about the object planes are searched. ring_m, gap_m: what lies between the second and the first
    of these of the mask's edge is close, and counts `close_weight` times. deep_m: nothing so far behind is looked at.
    most_points, object_points: read of the picture and of the object, about. cell_m: of the map of the ground.
    tolerance_m: how far a return may lie off its plane; more where the noise is more. tilt_rad: greatest tilt of a
    plane. level_rad: deviation of its tilt that is expected. correlated_points: returns that count as one, as the
    noise of neighbours is alike. least_noise_m: less is not believed.
    most_noise: metres, and metres more per metre of range; what has more is no plane.
    triples: planes tried. most_planes: planes found. least_points, least_share: of the returns, that a plane needs.
    apart_m, noisier: a further plane lies at least so far from a fuller one, and has at most so many times its noise.
    object_below: share of the object's returns that may lie below its support. hidden_m: height of its foot that may be
    hidden.
    """

    around_m: float = 0.30
    ring_m: float = 0.06
    gap_m: float = 0.004
    close_weight: float = 4.0
    deep_m: float = 1.5
    most_points: int = 6000
    object_points: int = 400
    cell_m: float = 0.02
    tolerance_m: float = 0.008
    tilt_rad: float = math.radians(6.0)
    level_rad: float = math.radians(1.5)
    correlated_points: float = 12.0
    least_noise_m: float = 0.0005
    most_noise: tuple[float, float] = (0.006, 0.014)
    triples: int = 60
    most_planes: int = 4
    least_points: int = 40
    least_share: float = 0.1
    apart_m: float = 0.02
    noisier: float = 1.5
    object_below: float = 0.1
    hidden_m: float = 0.15


@dataclass(frozen=True)
class SurfaceSettings:
    """All numbers that a `View` uses."""

    depth: DepthSettings = field(default_factory=DepthSettings)
    outline: OutlineSettings = field(default_factory=OutlineSettings)
    normals: NormalSettings = field(default_factory=NormalSettings)
    box: BoxSettings = field(default_factory=BoxSettings)
    support: SupportSettings = field(default_factory=SupportSettings)
