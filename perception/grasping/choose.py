"""Which way a run grips: the heatmap's side way, the ways from above, or what the network of the ways likes best."""

from __future__ import annotations

from typing import Final

from perception.grasping.grasp import compute_grasp
from perception.grasping.propose import propose_grasps
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings
from perception.hand.family import WAYS, JawTips
from perception.hand.gripper import GripperModel
from perception.types import Approach, Grasp, Heatmap, Rejection
from perception.view import View

SIDE: Final = next(index for index, way in enumerate(WAYS) if way.approach == "side")


def choose_grasp(
    view: View,
    heatmap: Heatmap,
    *,
    approach: Approach,
    gripper: GripperModel,
    tips: JawTips | None,
    reach: Reach | None,
    settings: GraspSettings,
) -> Grasp | Rejection:
    """A grasp from where the hand may come, or why there is none.

    approach: "side" is the network's grasp, as of `compute_grasp`. "top" comes from above, straight or at 45 degrees,
    chosen by the networks, or by geometry where there are none. "any" is the heatmap's, unless it has none that can be
    done or another is clearly better: by the judge of single grasps, or where there is none by the network of the ways.
    tips: of the gripper; without them, or hulls, it is a side grasp or none. view, heatmap, gripper, reach, settings:
    as for `compute_grasp`.
    """
    from_side: Grasp | Rejection | None = None
    if approach != "top":
        from_side = compute_grasp(view, heatmap, gripper=gripper, reach=reach, settings=settings)
        certain = heatmap.ways is None and isinstance(from_side, Grasp)
        if approach == "side" or certain:
            return from_side
    if tips is None or gripper.hulls is None:
        return from_side or Rejection("the robot's model tells no shape of its gripper, which a grasp from above needs")
    also = (from_side,) if isinstance(from_side, Grasp) else ()
    found = propose_grasps(
        view, gripper=gripper, tips=tips, reach=reach, approach=approach, grasping=settings, maps=heatmap.ways,
        also=also,
    )  # fmt: skip
    if isinstance(found, Rejection):
        return Rejection(f"{from_side}; {found}") if isinstance(from_side, Rejection) else from_side or found
    if isinstance(from_side, Grasp) and heatmap.ways is not None and heatmap.ways.judge is None:
        rated = max(from_side.score, float(heatmap.ways.at(from_side.pixel_uv)[SIDE]))
        if rated >= found[0].score - settings.clearly:
            return from_side
    return found[0]
