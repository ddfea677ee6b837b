"""The robot in a scene, on rails or on its legs: what is added, and what drives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perception.base.errors import ConfigError
from simulation.genesis.legs.legs import Legs
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.policy import GaitPolicy
from simulation.genesis.legs.walk import OnLegs
from simulation.genesis.plant import GenesisPlant
from simulation.genesis.settings import SimulationSettings
from simulation.genesis.walking.mobility import Mobility
from simulation.genesis.walking.rails import Rails
from simulation.robot_files.spot_model import LEGS, write_spot

FRICTION = 0.8
"""Of the robot's shapes."""


def add_robot(scene: Any, folder: Path, *, legs: bool, robot_file: Path | None) -> Any:
    """Add the robot to a gs.Scene before it is built; returns its entity. folder: for its files.

    robot_file: a user's own, see `user_robot`. On legs it feels its weight. ConfigError for a user's file on legs.
    """
    import genesis as gs

    if robot_file is None:
        morph = gs.morphs.MJCF(file=str(write_spot(folder, legs=legs)), default_armature=0.1)
    elif legs:
        raise ConfigError(f"{robot_file}: a robot file of your own walks on rails alone; leave --base legs out")
    else:
        from simulation.robot_files.user_robot import user_robot_morph

        morph = user_robot_morph(gs, robot_file, folder)
    material = gs.materials.Rigid(gravity_compensation=0.0 if legs else 1.0, friction=FRICTION)
    return scene.add_entity(morph, material=material)


def make_plant(entity: Any, settings: SimulationSettings, *, legs: bool, slip: float | None = None) -> GenesisPlant:
    """What drives the joints of a robot in a built scene. slip: friction of its feet where patches of the ground have
    less than theirs: the larger friction of two shapes counts."""
    if slip is not None:
        for leg in LEGS:
            entity.get_link(f"{leg}_lleg").set_friction(slip)
    return LeggedPlant(entity, settings.legs) if legs else GenesisPlant(entity)


def make_mobility(plant: GenesisPlant, settings: SimulationSettings, policy: GaitPolicy | None) -> Mobility:
    """What moves the body. policy: of the gait, for a plant on legs."""
    if policy is None:
        return Rails(plant, settings)
    assert isinstance(plant, LeggedPlant)
    return OnLegs(Legs(plant, policy, settings.legs), settings)
