"""Grasps by the network of the ways: it ranks, the checks decide, and the heatmap's grasp stays where it is as good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import perception.view
from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.grasping.choose import choose_grasp
from perception.grasping.propose import propose_grasps
from perception.grasping.settings import GraspSettings
from perception.hand.family import WAYS, heading_of, rotation_of
from perception.types import Approach, Grasp, Heatmap, Rejection, WayMaps
from tests.perception.grasping.test_propose import LOW, met
from tests.perception.surface.test_support import seen_from
from tests.support.synthetic import Cylinder


def maps_of(liked: dict[str, float]) -> WayMaps:
    """A network that likes these ways everywhere so much, and others little."""
    quality = np.full((len(WAYS), 480, 640), 0.1, np.float32)
    for name, value in liked.items():
        quality[[way.name for way in WAYS].index(name)] = value
    return WayMaps(quality, (0.0, 0.0), 1.0)


def rated(view: perception.view.View, maps: WayMaps, approach: Approach) -> list[Grasp] | Rejection:
    assert SPOT.tips is not None
    return propose_grasps(view, gripper=SPOT.gripper, tips=SPOT.tips, reach=None, maps=maps, approach=approach, most=3)


@pytest.mark.parametrize("wanted", ["top-90-tips", "oblique-tips"])
def test_with_maps_of_the_ways_the_network_ranks_and_the_checks_still_decide(wanted: str) -> None:
    picture = seen_from(LOW, 40)
    view = picture.seen()
    found = rated(view, maps_of({wanted: 0.8}), "any")
    assert not isinstance(found, Rejection), found
    way = next(way for way in WAYS if way.name == wanted)
    for grasp in found:
        axis = rotation_of(way, grasp.normal_world, heading_of(view.frame.world_from_camera))[:, 2]
        turn = np.arccos(abs(float(grasp.world_from_hand.rotation[:, 2] @ axis)))
        assert turn < np.radians(22.6) + SPOT_TIPS.low_lean_rad, "turned to where it is narrowest, and leaning"
        assert grasp.score > 0.6
        assert met(picture, grasp.world_from_hand) == 0
    low = rated(view, maps_of({"side-wrap": 0.9}), "side")
    assert isinstance(low, Rejection), "what the network likes and the support forbids is not done"


@pytest.mark.parametrize(("from_above", "down"), [(0.9, True), (0.55, False)])
def test_any_keeps_the_heatmap_s_grasp_unless_another_way_is_clearly_better(from_above: float, down: bool) -> None:
    view = seen_from(Cylinder(height=0.15), 30).seen()
    heatmap = Heatmap(np.full(view.detection.mask.shape, 0.5, np.float32))
    heatmap = replace(heatmap, ways=maps_of({"side-wrap": 0.5, "top-90-wrap": from_above, "top-0-wrap": from_above}))
    grasp = choose_grasp(
        view, heatmap, approach="any", gripper=SPOT.gripper, tips=SPOT.tips, reach=None, settings=GraspSettings()
    )
    assert isinstance(grasp, Grasp)
    assert (grasp.world_from_hand.rotation[2, 0] < -0.9) == down
