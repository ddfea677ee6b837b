"""The numbers of detection, which a file can change."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ForegroundSettings:
    """What depth says against a detection; see `perception.detection.foreground`. Metres.

    rows: rows of the mask that are looked at, at most. beside_m: a strip beside the outline that is left out, since
    depth may lie beside its pixel. enough: share of the rows that must tell how deep a side is.
    tolerance_m, tolerance_share: depths that differ by less are equal; the share is one of the depth.
    largest_m: what is wider in its narrower direction is too large to be one of the objects.
    """

    rows: int = 32
    beside_m: float = 0.022
    enough: float = 0.2
    tolerance_m: float = 0.01
    tolerance_share: float = 0.01
    largest_m: float = 0.2


@dataclass(frozen=True)
class BoxSettings:
    """How depth draws a mask in a box; see `perception.detection.box_mask`.

    thickness: of the object, in widths of its box, within layer_m (least, most) metres. ground_m, ground_share: what is
    so near to a level plane lies on it; the share is one of the depth. around: how far around the box planes are
    searched, in its sides. top_share: a plane with so much of the box's middle is the object's top. closing: clefts so
    wide are filled, in widths of the box. least_share: a smaller mask, as a share of the ellipse in the box, is not
    believed.
    """

    thickness: float = 0.7
    layer_m: tuple[float, float] = (0.03, 0.15)
    ground_m: float = 0.008
    ground_share: float = 0.011
    around: float = 1.0
    top_share: float = 0.5
    closing: float = 0.2
    least_share: float = 0.3


@dataclass(frozen=True)
class DetectionSettings:
    """How the detector looks and what it believes.

    zooms: the picture is looked at with each of these scales, in this order. few_looks: looks after which any detection
    is taken, if only one is wanted. sure, near: score, and longer side of the box as a share of the picture's height,
    from which an object needs no further look. doubted: factor of the score of what depth speaks against.
    max_overlap: boxes that overlap by more (IoU) are one object. most: detections that one look keeps.
    smoothing_px: blur of the picture, in input pixels, before it shrinks, as in training.
    foreground: what depth says against a detection. boxes: how it draws masks for a network that gives boxes alone.
    """

    zooms: tuple[float, ...] = (0.75, 0.45, 1.0)
    few_looks: int = 2
    sure: float = 0.4
    near: float = 0.3
    doubted: float = 0.5
    max_overlap: float = 0.5
    most: int = 20
    smoothing_px: float = 0.4
    foreground: ForegroundSettings = field(default_factory=ForegroundSettings)
    boxes: BoxSettings = field(default_factory=BoxSettings)


@dataclass(frozen=True)
class ThingSettings:
    """What counts as a thing; see `perception.detection.things`. Metres.

    smoothing_px: median of the depth. least_above_m, most_above_m: height over the ground that is looked at; the least
    is at least so many times the ground's noise (noises). jump_m: a larger step of depth between neighbouring pixels is
    an edge.
    closing_px: holes and clefts so wide are filled. edge_px: what is so near to the picture's edge is not seen whole.
    gap_px, ring_px, least_around: beyond the gap, the ground is seen on so large a share of the ring around it.
    least_px: of a thing. most_length_m, least_width_m, most_width_m, least_height_m: its size.
    """

    smoothing_px: int = 5
    least_above_m: float = 0.010
    most_above_m: float = 0.45
    noises: float = 3.0
    jump_m: float = 0.03
    closing_px: int = 7
    edge_px: int = 3
    gap_px: int = 6
    ring_px: int = 6
    least_around: float = 0.6
    least_px: int = 250
    most_length_m: float = 0.36
    least_width_m: float = 0.02
    most_width_m: float = 0.16
    least_height_m: float = 0.02
