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
    max_overlap: boxes that overlap by more (IoU) are one object. as_sure: a look whose score of an object is a smaller
    share of the best does not draw its mask. most: detections that one look keeps.
    smoothing_px: blur of the picture, in input pixels, before it shrinks, as in training.
    foreground: what depth says against a detection. boxes: how it draws masks for a network that gives boxes alone.
    """

    zooms: tuple[float, ...] = (0.75, 0.45, 1.0)
    few_looks: int = 2
    sure: float = 0.4
    near: float = 0.3
    doubted: float = 0.5
    max_overlap: float = 0.5
    as_sure: float = 0.5
    most: int = 20
    smoothing_px: float = 0.4
    foreground: ForegroundSettings = field(default_factory=ForegroundSettings)
    boxes: BoxSettings = field(default_factory=BoxSettings)


@dataclass(frozen=True)
class DepthEdgeSettings:
    """Where the part of a picture ends that the depth camera sees; see `perception.detection.depth_edge`. Pixels.

    lost_px: it sees what lies between returns so near to each other. share, ragged_px: its edge is where depth begins,
    within the second, over this share of the most that a row or column shows. What is nearer reaches further, because
    the colour is seen from beside.
    """

    lost_px: int = 31
    share: float = 0.8
    ragged_px: int = 8


@dataclass(frozen=True)
class ThingSettings:
    """What counts as a thing; see `perception.detection.things`. Metres.

    smoothing_px: median of the depth. least_above_m, most_above_m: height over the ground that is looked at; the least
    is at least so many times the ground's noise (noises). jump_m: a larger step of depth between neighbouring pixels is
    an edge.
    closing_px: holes and clefts so wide are filled. edge_px: what is so near to the edge of what the depth camera sees
    is not seen whole.
    wall_px, large: the ground is cut back by the first, so that the foot of a wall is left out, and its pieces have at
    least this share of the largest. rectangle, reached: ground that fills so much of a rectangle, and reaches so large
    a share of each side, is one. rim_m: what is so near to the ground's edge belongs to the rim around it, unless it is
    part of a thing (at least the share `inside` of it) that rises above the wall there, at most leans_m beyond the
    edge. wall_m, wall_share: the wall is what stands so near to the edge, and is as high as this share of it.
    beside_px: half of this beside a ground, the lower ones are not looked for.
    gap_px, ring_px, least_around: beyond the gap, the ground is seen in so large a share of the ring around it, other
    things being the rest.
    least_px: of a thing. most_length_m, least_width_m, most_width_m, least_height_m: its size. tall_noises: it is at
    least so many times as tall as the ground is noisy: a depth camera has a pattern of its own, with single bumps of
    4 to 5 times that which go with the camera.
    """

    smoothing_px: int = 5
    least_above_m: float = 0.010
    most_above_m: float = 0.45
    noises: float = 3.0
    jump_m: float = 0.03
    closing_px: int = 7
    edge: DepthEdgeSettings = field(default_factory=DepthEdgeSettings)
    edge_px: int = 3
    wall_px: int = 4
    large: float = 0.2
    rectangle: float = 0.82
    reached: float = 0.2
    beside_px: int = 61
    rim_m: float = 0.012
    inside: float = 0.4
    leans_m: float = 0.08
    wall_m: float = 0.03
    wall_share: float = 0.8
    gap_px: int = 6
    ring_px: int = 6
    least_around: float = 0.4
    least_px: int = 250
    most_length_m: float = 0.36
    least_width_m: float = 0.02
    most_width_m: float = 0.16
    least_height_m: float = 0.02
    tall_noises: float = 5.5


@dataclass(frozen=True)
class LayerSettings:
    """What is the ground, and what rises above it; see `perception.detection.by_depth.layers`. Metres.

    rows: of the picture that are read, about. tolerance_m, tolerance_share: what is so near to a level plane, or
    by so large a share of its depth, lies on it. longest_m: a level plane that is longer is ground; a shorter one is a
    thing's top. highest_m: what is higher above the ground is no thing. jumps_m: a larger step of depth between
    neighbours parts two pieces; each makes pieces of its own. least_px: of a piece, among the pixels that are read.
    edge: of what the depth camera sees.
    """

    rows: int = 240
    tolerance_m: float = 0.008
    tolerance_share: float = 0.011
    longest_m: float = 0.45
    highest_m: float = 0.45
    jumps_m: tuple[float, ...] = (0.008, 0.015, 0.03)
    least_px: int = 60
    edge: DepthEdgeSettings = field(default_factory=DepthEdgeSettings)


@dataclass(frozen=True)
class CloserSettings:
    """Which parts of a picture are looked at from nearer; see `perception.detection.by_depth.closer`.

    most: looks at most. part: sides of one, as a share of the picture's. small: what is smaller in the picture is
    small, as a share of its height. least_m: least width, and least length, of a thing that is worth a look. same: what
    is seen there counts if it overlaps by more (IoU) with a piece of the depth. sure: score of an answer that makes
    closer looks needless, if one is enough. beside_px: what is so near to the part's edge is not seen whole.
    """

    most: int = 2
    part: float = 0.5
    small: float = 0.25
    least_m: tuple[float, float] = (0.025, 0.05)
    same: float = 0.5
    sure: float = 0.4
    beside_px: float = 2.0


@dataclass(frozen=True)
class NamingSettings:
    """What is shown to the network that names things; see `perception.detection.by_depth.naming`. Metres.

    jumps_m: steps of depth at which pieces without a ground are cut. least_px: of a piece, among the pixels that are
    read. least_m, most_m: least width and most length of a piece. edge_px, cut: a piece of whose length so large a
    share is so near to the edge of what the depth camera sees is cut off there, as a strip of a table is. twin: of two
    pieces whose boxes overlap by more (IoU) and whose sizes agree as well, one is left out. most: things that are shown
    at most. sharper: power of the chance that becomes the score of what the network itself names. opinion: weight of
    its chance for an answer of a detector, below 1. doubt: least chance that counts there; a detector alone is heard at
    the default score if it is sure of 0.95 or more. agreed: such a chance counts if its mask overlaps that of the
    answer by more (IoU). misfit: factor of what does not have the size and shape of its word, and of what is not seen
    whole. least: score of what the network itself names at least; 1 leaves it the second opinion alone.
    """

    jumps_m: tuple[float, ...] = (0.015, 0.03)
    least_px: int = 15
    least_m: float = 0.012
    most_m: float = 0.5
    edge_px: int = 2
    cut: float = 0.3
    twin: float = 0.9
    most: int = 64
    sharper: float = 3.0
    opinion: float = 0.33
    doubt: float = 0.0165
    agreed: float = 0.6
    misfit: float = 0.5
    least: float = 0.01


@dataclass(frozen=True)
class WordSettings:
    """Least and most width, then least and most height, of what each word names, metres; if it lies, its length.

    The width is that of the outline's narrower direction: of a bowl or a tool, often its height.
    """

    bottle: tuple[float, float, float, float] = (0.035, 0.12, 0.10, 0.36)
    mug: tuple[float, float, float, float] = (0.055, 0.14, 0.065, 0.16)
    can: tuple[float, float, float, float] = (0.035, 0.12, 0.03, 0.19)
    bowl: tuple[float, float, float, float] = (0.035, 0.30, 0.03, 0.18)
    box: tuple[float, float, float, float] = (0.015, 0.35, 0.015, 0.45)
    jar: tuple[float, float, float, float] = (0.035, 0.17, 0.04, 0.26)
    glass: tuple[float, float, float, float] = (0.035, 0.13, 0.055, 0.28)
    ball: tuple[float, float, float, float] = (0.02, 0.26, 0.02, 0.26)
    tool: tuple[float, float, float, float] = (0.005, 0.15, 0.05, 0.50)


@dataclass(frozen=True)
class JudgeSettings:
    """How depth judges what a detector found; see `perception.detection.by_depth.judge`. Metres, radians and shares.

    candidates: least score of what is looked at. alarm: the score that the best of one frame in ten without the word
    exceeds, between 0 and 1; it depends on the network. behind_m, before_m: what is so far behind or before the middle
    of a mask is cut off it. least_left: a cut that leaves less is undone. piece: a piece of the depth that fits the
    mask so well (IoU) takes its place. least_depth: a mask with less depth is no detection. size, shape: factors of the
    score where the size or the shape does not fit the word. another: factor for a word in place of another word.
    larger: where depth is not registered, what is so many times larger than its word is too large. beaten: factor where
    another word scores higher on the same object. same: masks that overlap by more (IoU) are one object. inner_m: what
    is so far below the rim before it is the inside of a vessel. hollow: share of the inside from which a mug is one.
    closed: share above which nothing is closed. inside_rad: how far a camera looks down into a mug. neck: width of a
    bottle's upper end over that of its middle, at most. slim: height over width from which a bottle needs no neck, and
    above which nothing is a mug or a can. layers: what is ground and what is a piece. words: sizes. closer: which parts
    are looked at again. naming: what is shown to the network that names things. confirmed, alone, any_width_m: a thing
    without a word counts in full if another cut or a candidate overlaps by more (IoU), else by this factor; and the
    least and most width of one.
    """

    candidates: float = 0.05
    alarm: float = 0.18
    confirmed: float = 0.7
    alone: float = 0.7
    any_width_m: tuple[float, float] = (0.015, 0.25)
    behind_m: float = 0.15
    before_m: float = 0.2
    least_left: float = 0.3
    piece: float = 0.6
    least_depth: float = 0.08
    size: float = 0.3
    larger: float = 1.3
    shape: float = 0.4
    another: float = 0.6
    beaten: float = 0.3
    same: float = 0.5
    inner_m: float = 0.015
    hollow: float = 0.045
    closed: float = 0.1
    inside_rad: float = 0.7
    neck: float = 0.8
    slim: tuple[float, float, float] = (1.7, 1.8, 2.8)
    layers: LayerSettings = field(default_factory=LayerSettings)
    words: WordSettings = field(default_factory=WordSettings)
    closer: CloserSettings = field(default_factory=CloserSettings)
    naming: NamingSettings = field(default_factory=NamingSettings)
