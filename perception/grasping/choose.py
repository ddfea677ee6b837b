"""Which way a run grips: the network's side way, the ways from above by geometry, or whichever can be done."""

from __future__ import annotations

from perception.grasping.family import JawTips
from perception.grasping.grasp import compute_grasp
from perception.grasping.gripper import GripperModel
from perception.grasping.propose import propose_grasps
from perception.grasping.reach import Reach
from perception.grasping.settings import GraspSettings
from perception.types import Approach, Grasp, Heatmap, Rejection
from perception.view import View


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
    chosen by the network of the ways, or by geometry where there is none. "any" is the heatmap's, and if it has none
    that can be done, the best of all ways.
    tips: of the gripper; without them, or hulls, it is a side grasp or none. view, heatmap, gripper, reach, settings:
    as for `compute_grasp`.
    """
    from_side: Grasp | Rejection | None = None
    if approach != "top":
        from_side = compute_grasp(view, heatmap, gripper=gripper, reach=reach, settings=settings)
        if approach == "side" or isinstance(from_side, Grasp):
            return from_side
    if tips is None or gripper.hulls is None:
        return from_side or Rejection("the robot's model tells no shape of its gripper, which a grasp from above needs")
    found = propose_grasps(
        view, gripper=gripper, tips=tips, reach=reach, approach=approach, grasping=settings, maps=heatmap.ways
    )
    if isinstance(found, Rejection):
        return Rejection(f"{from_side}; {found}") if from_side is not None else found
    return found[0]
