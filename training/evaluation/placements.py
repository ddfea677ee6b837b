"""People's own objects in every way that they lie, and the groups that an evaluation reports them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import shown
from simulation.scene.objects import GraspObject, centred
from simulation.scene.resting import SAME_M, resting_poses
from simulation.scene.user_objects import ObjectFile, read_object

MASS_KG: Final = 0.3
"""Of an object whose file tells none."""
LEAST_OFTEN: Final = 0.005
"""A way to lie that a dropped object takes less often is left out."""
LOW_M, WIDE_M = 0.066, 0.11
HOLLOW, BOXY, TALL = 0.5, 0.9, 1.2
"""A mug is open from above to below this share of its height; a box fills this share of the smallest box about it; what
stands upright is this many times as high as it is broad."""
GROUPS: Final = ("upright", "boxes", "mugs", "lower than 66 mm", "wider than 110 mm", "other")


@dataclass(frozen=True)
class Placement:
    """An object of a file as it lies. number: of the way, the likeliest first. family: one of GROUPS. sha256: of what
    the object is, wherever its file is."""

    file: str
    number: int
    family: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{Path(self.file).stem}-{self.number}"

    @property
    def seed(self) -> int:
        return int(self.sha256[:5], 16)

    def make(self) -> GraspObject:
        """The object, lying on z = 0 about its middle."""
        return lying(read_object(Path(self.file)), self.number)


def placements(files: Sequence[str], most: int) -> tuple[Placement, ...]:
    """Each file's object in at most `most` ways to lie. ConfigError if one cannot be used, or two have one name."""
    names = [Path(file).stem for file in files]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two objects are called {shown(name)}; rename one of their files")
    lying_so: list[Placement] = []
    for file in files:
        item = read_object(Path(file))
        heights: list[float] = []
        for number, (_, share) in enumerate(_ways(item, most)):
            made = lying(item, number)
            rolled_on = any(abs(made.height_m - height) < SAME_M for height in heights)
            if not heights or (share >= LEAST_OFTEN and not rolled_on):
                heights.append(made.height_m)
                lying_so.append(Placement(file, number, group_of(made), item.digest))
    return tuple(lying_so)


def _ways(item: ObjectFile, most: int) -> list[tuple[NDArray[np.float64], float]]:
    return [(pose.rotation, share) for pose, share in resting_poses(item.mesh.vertices, most, 0)]


def lying(item: ObjectFile, number: int) -> GraspObject:
    """The object in one of its ways to lie, on z = 0 about its middle."""
    made = item.make(seed=number)
    rotation = _ways(item, number + 1)[number][0]
    return replace(made, vertices=centred(made.vertices @ rotation.T), mass_kg=item.mass_kg or MASS_KG)


def group_of(item: GraspObject) -> str:
    """The group of an object as it lies, by its height and shape."""
    mesh, hull = item.mesh(), item.mesh().convex_hull
    turned = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0.0, np.pi, 37)])
    breadths = np.ptp(hull.vertices[:, :2] @ turned.T, axis=0)
    if item.height_m < LOW_M:
        return "lower than 66 mm"
    if breadths.min() > WIDE_M:
        return "wider than 110 mm"
    depths = mesh.ray.intersects_location([[0.0, 0.0, 2.0 * item.height_m]], [[0.0, 0.0, -1.0]])[0]
    if len(depths) and depths[:, 2].max() < HOLLOW * item.height_m:
        return "mugs"
    if item.height_m > TALL * breadths.max():
        return "upright"
    if hull.volume > BOXY * hull.bounding_box_oriented.volume:
        return "boxes"
    return "other"
