"""A picture with one detection in it, and what follows from the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.surface.cross_section import Box, find_box
from perception.surface.locate import ObjectLocation, locate_object, too_small
from perception.surface.normals import plane_fit_normals
from perception.surface.registration import ObjectDepth, object_depth
from perception.surface.settings import SurfaceSettings
from perception.surface.silhouette import Silhouette, bounds, silhouette
from perception.surface.support import Support, find_support
from perception.types import Detection, Rejection, RgbdFrame

DEFAULT: Final = SurfaceSettings()


@dataclass(frozen=True, eq=False)
class View:
    """A frame and a detection in it. Everything else is computed when it is first asked for, and kept.

    settings: the numbers that this uses. All but `location` and `normals` needs a mask that is not empty.
    """

    frame: RgbdFrame
    detection: Detection
    settings: SurfaceSettings = DEFAULT

    @cached_property
    def location(self) -> ObjectLocation | Rejection:
        """Where the object stands, or why that cannot be told."""
        small = too_small(self.detection, self.settings.outline.least_px)
        return small or locate_object(self.frame, self.detection, self.repaired, self.silhouette, self.support)

    @cached_property
    def repaired(self) -> ObjectDepth:
        """The depth moved under the mask, and which of it shows the object's near surface."""
        frame = self.frame
        mask, settings = self.detection.mask, self.settings.depth
        return object_depth(
            frame.depth, mask, frame.intrinsics, frame.world_from_camera, settings, registered=frame.registered
        )

    @cached_property
    def silhouette(self) -> Silhouette:
        """The object's axis, by the mask's outline."""
        return silhouette(self.frame, self.detection.mask, self.settings.outline)

    @cached_property
    def support(self) -> Support | None:
        """What the object lies on; None where too little of it is seen."""
        return find_support(self.frame, self.detection.mask, self.repaired, self.settings.support)

    @cached_property
    def near_depth(self) -> NDArray[np.float32]:
        """(H, W) metres: the repaired depth on the object's near surface, else 0."""
        return np.where(self.repaired.near, self.repaired.depth, np.float32(0.0))

    @cached_property
    def near_level(self) -> NDArray[np.float32]:
        """(H, W) metres: the level range on the object's near surface, else 0."""
        return np.where(self.repaired.near, self.repaired.level, np.float32(0.0))

    @cached_property
    def normals(self) -> NDArray[np.float32]:
        """(H, W, 3) unit normals of the near surface in the camera's frame, 0 where unknown and off the mask's box.

        The fit's window grows with the object's width in the picture, and is taller than wide on an upright object. All
        0 without a location.
        """
        mask, camera = self.detection.mask, self.frame.intrinsics
        normals = np.zeros((*mask.shape, 3), np.float32)
        window = bounds(mask)
        if window is None or isinstance(self.location, Rejection):
            return normals
        away_m = float(np.linalg.norm(self.location.surface_m - self.frame.world_from_camera.position_m))
        fit = self.settings.normals
        sigma = float(np.clip(fit.share * self.location.width_m * camera.fx / away_m, *fit.sigma_px))
        tall = fit.upright * sigma if self.silhouette.upright else sigma
        normals[window] = plane_fit_normals(self.near_depth[window], camera.part(window), (sigma, tall))
        return normals

    @cached_property
    def box(self) -> Box | None:
        """The box that the object's body is; None if it is round or cannot be told."""
        return find_box(self.frame, self.detection.mask, self.repaired, self.silhouette, self.settings.box)
