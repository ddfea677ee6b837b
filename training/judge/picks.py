"""Tries in physics the grasps that a run would propose: a file of `training.dataset.picks` for each object.

The object lies on the floor in each of its ways to lie, as in the pictures. A grasp is good if the gripper's way in is
free of the true object and of the floor, and the object is lifted and held through a shake. Neighbours that a picture
shows rule grasps out before; in physics the object is alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.base.digest import sha256_of_file
from perception.geometry import Pose
from perception.hand.family import beside
from perception.hand.rooms import rooms_of
from perception.networks.onnx_file import MAX_BYTES
from perception.networks.protocols import HeatmapModel
from perception.quality.heatmap import OnnxHeatmap
from perception.quality.judge import CELLS, CHANNELS, VERSION
from perception.quality.way_maps import with_ways
from simulation.scene.low_objects import make_any_object
from simulation.scene.objects import GraspObject
from simulation.scene.resting import resting_poses
from simulation.trials.resting_trials import RestingBench
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.catalogue import FIRST_SEED, split_of
from training.dataset.folder import npz_bytes
from training.dataset.jobs import Files
from training.dataset.picks import PICK_FILES, SCHEMA, PickPlan, file_of
from training.dataset.ways.candidates import lowest_m, solid_points
from training.dataset.ways.catalogue import ALL_FAMILIES
from training.dataset.ways.labels import ENVIRONMENTS, MAX_TORQUE_NM, SOLID_POINTS
from training.dataset.ways.scenes import Lying
from training.judge.pictures import GRASPING, Proposals, pictures, proposals

NEIGHBOURS: Final = 6
"""Objects of which the scenes of an object take its neighbours; of the same split as it."""
NEIGHBOUR_SEEDS: Final = 400
LEAST_ABOVE_M: Final = 0.004
"""A gripper that comes lower may touch the floor."""
MOST_INSIDE_M: Final = 0.006
"""What of the object is deeper in the gripper's way in is met for sure, as the jaws give way little."""


@dataclass(frozen=True)
class PickJob:
    """An object whose proposed grasps are tried. heatmap, ways: files of the networks."""

    plan: PickPlan
    family: str
    number: int
    heatmap: Path
    ways: Path

    def __str__(self) -> str:
        return f"{self.family}-{self.number}"

    @property
    def file(self) -> str:
        """Of its picks, in the folder."""
        return file_of(str(self))


@dataclass(eq=False)
class Tried:
    """Proposals of all pictures of an object, and what is needed to try them. hands: world_from_hand where the object
    lies at its rest in `rests`, before `beside`."""

    found: list[Proposals] = field(default_factory=list)
    hands: list[Pose] = field(default_factory=list)
    rests: list[Pose] = field(default_factory=list)

    def add(self, found: Proposals, world_from_lying: Pose, rest: Pose) -> None:
        lying_from_world = world_from_lying.inverse()
        self.found.append(found)
        self.hands += [lying_from_world @ grasp.world_from_hand for grasp in found.grasps]
        self.rests += [rest] * len(found.grasps)

    @property
    def opened(self) -> NDArray[np.intp]:
        return np.concatenate([one.opened for one in self.found] or [np.zeros(0, np.intp)])

    def arrays(self, good: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        """As in the file of picks, see training.dataset.picks."""
        none = np.zeros((0, CHANNELS, CELLS, CELLS), np.float32)
        return {
            "inputs": np.concatenate([none, *(one.inputs for one in self.found)]).astype(np.float16),
            "good": good,
            "picture": np.repeat(np.arange(len(self.found), dtype=np.int32), [len(one.grasps) for one in self.found]),
            "source": np.array([source for one in self.found for source in one.source], np.int8),
            "score": np.array([grasp.score for one in self.found for grasp in one.grasps], np.float32),
        }


def pick_job(job: PickJob) -> Files:
    """The object's picks; Genesis must have been started."""
    plan, thing = job.plan, make_any_object(job.family, job.number)
    rng = np.random.default_rng([plan.seed, job.number, zlib.crc32(job.family.encode())])
    networks = _networks(job.heatmap, job.ways)
    others = list(_neighbours(thing, plan.rests, rng))
    tried = Tried()
    with RestingBench(thing, ENVIRONMENTS) as bench:
        rests = [rest for rest in bench.settle(_rests(thing, plan.rests, plan.seed)) if rest is not None]
        solid = solid_points(bench.parts, SOLID_POINTS, plan.seed)
        for lying, rest in zip(_lying(thing, rests), rests, strict=True):
            for _ in range(plan.scenes):
                for view, world_from_lying in pictures(lying, others, plan.views, rng):
                    found = proposals(view, networks, rng)
                    if found is not None:
                        tried.add(found, world_from_lying, rest)
        good = _held(bench, tried, solid)
    return [(job.file, npz_bytes(schema=np.int64(SCHEMA), **tried.arrays(good)))]


def plan_for(heatmap: Path, ways: Path, **options: Any) -> PickPlan:
    """The plan of picks by these networks. options: the other fields. ConfigError if a network cannot be read or an
    option is impossible."""
    digests = [sha256_of_file(file, "network", MAX_BYTES) for file in (heatmap, ways)]
    return PickPlan(version=VERSION, heatmap=digests[0], ways=digests[1], **options)


def make_picks(
    plan: PickPlan, heatmap: Path, ways: Path, out: Path, mapper: Mapper, progress: Progress = lambda *_: None,
    device: str = "cpu",
) -> dict[str, Any]:  # fmt: skip
    """Try what is not yet in the folder; returns what picks.json says, without the files.

    heatmap, ways: files of the networks whose digests the plan has. ConfigError if the folder holds another plan's
    picks, or cannot be written: a next run goes on.
    """
    jobs = [PickJob(plan, *one, heatmap.resolve(), ways.resolve()) for one in plan.objects]
    PICK_FILES.fill(out, plan, jobs, pick_job, mapper, progress, device)
    return PICK_FILES.finish(out, plan, jobs, {"counts": _counts([out / job.file for job in jobs])})


def _counts(paths: list[Path]) -> dict[str, int]:
    counts = {"objects": len(paths), "pictures": 0, "picks": 0, "good": 0}
    for path in paths:
        data = PICK_FILES.read(path, ("good", "picture"))
        counts["pictures"] += int(data["picture"].max(initial=-1)) + 1
        counts["picks"] += len(data["good"])
        counts["good"] += int(data["good"].sum())
    return counts


def _held(bench: RestingBench, tried: Tried, solid: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) whether each grasp holds; those that geometry rules out do not go to physics."""
    good, jaws = np.zeros(len(tried.hands), bool), rooms_of(SPOT.gripper, GRASPING.standoff_m).jaws
    opened = tried.opened
    free = []
    for index, (hand, rest) in enumerate(zip(tried.hands, tried.rests, strict=True)):
        room = jaws[opened[index]].coming
        points = (rest.transform(solid) - hand.position_m) @ hand.rotation
        if lowest_m(room, hand) > LEAST_ABOVE_M and room.clearance_m(points) > -MOST_INSIDE_M:
            free.append(index)
    if free:
        hands, rests = [beside(tried.hands[i], SPOT.gripper) for i in free], [tried.rests[i] for i in free]
        angles = np.array([jaws[opened[i]].opened_rad for i in free])
        good[free] = bench.run(hands, rests, angles, MAX_TORQUE_NM).held
    return good


def _rests(thing: GraspObject, count: int, seed: int) -> list[Pose]:
    return [pose for pose, _ in resting_poses(thing.vertices, count, seed, standing_first=True)]


def _lying(thing: GraspObject, rests: list[Pose]) -> list[Lying]:
    """The object in each of its ways to lie."""
    arrays = {"rests": np.array([pose.matrix() for pose in rests]).reshape(-1, 4, 4)}
    return [Lying(thing, arrays, number) for number in range(len(rests))]


def _neighbours(thing: GraspObject, rests: int, rng: np.random.Generator) -> Iterator[Lying]:
    """Random objects of the same split, as they may lie."""
    count = 0
    while count < NEIGHBOURS:
        family = ALL_FAMILIES[int(rng.integers(len(ALL_FAMILIES)))]
        number = FIRST_SEED + int(rng.integers(NEIGHBOUR_SEEDS))
        if split_of(f"{family}-{number}") == split_of(thing.name):
            other = make_any_object(family, number)
            ways = _lying(other, _rests(other, rests, number))
            yield ways[int(rng.integers(len(ways)))]
            count += 1


@lru_cache(maxsize=1)
def _networks(heatmap: Path, ways: Path) -> HeatmapModel:
    return with_ways(OnnxHeatmap(heatmap), ways)
