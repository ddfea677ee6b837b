"""One grasp on the fake robot at every height from the floor to 1.05 m: seen, reached, gripped and lifted."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import trees
from behaviours.registry import LEAVES
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.fake.world import FakeWorld
from tests.behaviours.tasks.task_runs import LIBRARY, Run

TREE = """
<root BTCPP_format="4" main_tree_to_execute="PickAtHeight">
  <include path="parts/common.xml"/>
  <BehaviorTree ID="PickAtHeight">
    <Sequence>
      <SubTree ID="GetReady"/>
      <LookTowards forward_m="1.0" up_m="UP" distance_m="0.6" elevation_rad="DOWN" max_speed_mps="0.6"/>
      <SubTree ID="FindObject" labels="thing" object="{object}"/>
      <WalkToObject object="{object}" distance_m="AWAY" max_speed_mps="0.5" max_yaw_rate_radps="0.8"/>
      <SetBodyPose pitch_rad="PITCH" height_m="RAISED" max_speed_mps="0.2"/>
      <SubTree ID="GraspOnce" labels="thing" approach="any" elevation_rad="DOWN" object="{object}" grasp="{grasp}"/>
    </Sequence>
  </BehaviorTree>
</root>
"""
FROM_ABOVE = {"DOWN": 0.9, "AWAY": 0.75, "PITCH": 0.2, "RAISED": 0.0}
UP_HIGH = {"DOWN": 0.3, "AWAY": 0.8, "PITCH": -0.3, "RAISED": 0.05}
STANCES = [*((height_m, FROM_ABOVE) for height_m in (0.0, 0.12, 0.3, 0.5, 0.7, 0.9)), (1.05, UP_HIGH)]
"""With the height of the support, metres."""


@pytest.mark.slow
@pytest.mark.parametrize("thing_m", [0.05, 0.2])
@pytest.mark.parametrize(("support_m", "stance"), STANCES)
def test_a_thing_is_lifted_from_every_height(
    support_m: float, stance: dict[str, float], thing_m: float, tmp_path: Path
) -> None:
    shutil.copytree(LIBRARY / "parts", tmp_path / "parts")
    text = TREE.replace('"UP"', f'"{support_m - 0.52:.2f}"')
    for word, value in stance.items():
        text = text.replace(f'"{word}"', f'"{value}"')
    (tmp_path / "pick.xml").write_text(text.strip())
    world = FakeWorld(
        bottle_m=np.array([1.0, 0.05, support_m]),
        height_m=thing_m,
        table_m=(1.0, 0.05, support_m),
        table_half_m=0.3,
        other_tables=(),
    )
    run = Run("pick", FakeRobot(world=world), document=trees.load(tmp_path / "pick.xml", LEAVES))
    assert run.result.success, run.result.reason
    assert world.bottle_m[2] > support_m + 0.1
