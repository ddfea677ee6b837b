"""Genesis scenes, the simulated Spot in them, the sensor models, and the simulated Spot API (`simulation.spot_api`)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.genesis.robot import GenesisRobot as GenesisRobot
    from simulation.scene.build import SceneSample as SceneSample, sample_scene as sample_scene
    from simulation.scene.objects import GraspObject as GraspObject, make_object as make_object
    from simulation.scene.spec import SceneSpec as SceneSpec, load_scene as load_scene, scene_names as scene_names
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "simulation.genesis.robot": ("GenesisRobot",),
        "simulation.scene.build": ("SceneSample", "sample_scene"),
        "simulation.scene.objects": ("GraspObject", "make_object"),
        "simulation.scene.spec": ("SceneSpec", "load_scene", "scene_names"),
    })  # fmt: skip
