"""Fault injection: faults begin by time, by an RPC or by what the robot does, and end after a while."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import grpc
import numpy as np

from perception.types import RgbdFrame
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.cameras.images import RESPONSE, RefusedImageError, Shot
from simulation.spot_api.faults.spec import RPC_KINDS, FaultSpec, matches
from simulation.spot_api.rpc.serve import RpcAbortError

LONGEST_WAIT_S = 60.0
"""Wall seconds that rpc_deadline holds a call without a deadline."""
MOVING_MPS, MOVING_RADPS = 0.05, 0.1
HINDRANCES = {"base": ("walk_blocked", "blocked by an obstacle"), "arm": ("arm_stalled", "arm stalled")}


@dataclass
class Running:
    """A fault and its state. seen: matching RPCs so far. entered: its node was ticked. hits: RPCs that it has
    disturbed."""

    spec: FaultSpec
    seen: int = 0
    entered: bool = False
    hits: int = 0
    begun_s: float | None = None
    over: bool = False

    @property
    def end_s(self) -> float:
        """Simulated time at which it ends."""
        return math.inf if self.begun_s is None or self.spec.for_s is None else self.begun_s + self.spec.for_s

    @property
    def active(self) -> bool:
        return self.begun_s is not None and not self.over


class Faults:
    """All faults. act: called when a fault begins (True) and ends (False). happened: number of faults by kind."""

    def __init__(self, world: World, act: Callable[[FaultSpec, bool], None]) -> None:
        self._world, self._act = world, act
        self._lock = threading.RLock()
        self._faults: list[Running] = []
        self._last_shots: dict[str, Shot] = {}
        self.happened: Counter[str] = Counter()
        world.on_step.append(self._look)

    def add(self, spec: FaultSpec) -> Running:
        """Add a fault. One without a trigger begins now."""
        fault = Running(spec)
        with self._lock:
            self._faults.append(fault)
        if not (spec.at_s or spec.on or spec.when or spec.leaf):
            self._begin(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            faults = list(self._faults)
            self._faults.clear()
        for fault in faults:
            self._end(fault)

    def _begin(self, fault: Running) -> None:
        with self._lock:
            if fault.begun_s is not None:
                return
            fault.begun_s = self._world.snapshot.simulated_s
            self.happened[fault.spec.kind] += 1
        self._act(fault.spec, True)

    def _end(self, fault: Running) -> None:
        with self._lock:
            if not fault.active:
                return
            fault.over = True
        self._act(fault.spec, False)

    def _look(self, robot: Steerable) -> None:
        """Called once per step, on the physics thread."""
        now = self._world.snapshot.simulated_s
        with self._lock:
            faults = list(self._faults)
        for fault in faults:
            asked = fault.spec.on or (fault.spec.leaf and not fault.entered)
            if fault.begun_s is None and not asked and self._due(fault.spec, now):
                self._begin(fault)
            elif fault.active and now >= fault.end_s:
                self._end(fault)

    def _due(self, spec: FaultSpec, now: float) -> bool:
        snapshot = self._world.snapshot
        doing = {
            "": True,
            "walking": float(np.linalg.norm(snapshot.body_velocity[:2])) > MOVING_MPS,
            "arm_moving": float(np.abs(snapshot.arm_rate).max()) > MOVING_RADPS,
            "holding": snapshot.gripper.holding,
        }
        return now >= spec.at_s and doing[spec.when]

    # for other modules

    def active(self, kind: str) -> bool:
        """Whether a fault of this kind is active."""
        with self._lock:
            return any(fault.active and fault.spec.kind == kind for fault in self._faults)

    def hindered(self, part: str) -> str:
        """Why a part of the robot cannot move now, or ""."""
        kind, words = HINDRANCES.get(part, ("", ""))
        return words if kind and self.active(kind) else ""

    def tick(self, path: str) -> None:
        """A node of the run's tree was ticked."""
        with self._lock:
            for fault in self._faults:
                if fault.spec.leaf and _is_node(fault.spec.leaf, path):
                    fault.entered = True

    def disturb(self, method: str, remaining_s: float | None) -> None:
        """Apply the faults to an RPC: may wait, or raise RpcAbortError."""
        with self._lock:
            waiting = [fault for fault in self._faults if fault.begun_s is None and fault.spec.on]
        for fault in waiting:
            if matches(fault.spec.on, method):
                fault.seen += 1
                ticked = fault.entered or not fault.spec.leaf
                if ticked and fault.seen >= fault.spec.nth and self._due(fault.spec, self._world.snapshot.simulated_s):
                    self._begin(fault)
        with self._lock:
            hit = []
            for fault in self._faults:
                spec = fault.spec
                if fault.active and spec.kind in RPC_KINDS and matches(spec.rpc, method):
                    if spec.times is not None and fault.hits >= spec.times:
                        continue
                    fault.hits += 1
                    hit.append(spec)
        for spec in hit:
            if spec.kind == "rpc_delay":
                time.sleep(spec.seconds)
            elif spec.kind == "rpc_unavailable":
                raise RpcAbortError(grpc.StatusCode.UNAVAILABLE, "fault script: unavailable")
            else:
                time.sleep(min(LONGEST_WAIT_S, LONGEST_WAIT_S if remaining_s is None else remaining_s + 0.05))
                raise RpcAbortError(grpc.StatusCode.DEADLINE_EXCEEDED, "fault script: too late")

    def spoil(self, camera: str, shot: Shot) -> Shot:
        """Apply the faults to a shot of a camera. RefusedImageError if it has no picture."""
        if self.active("image_error"):
            raise RefusedImageError(RESPONSE.STATUS_IMAGE_DATA_ERROR)
        if self.active("image_stale"):
            return self._last_shots.setdefault(camera, shot)
        self._last_shots[camera] = shot
        frame = shot.frame
        rgb: Any = np.zeros_like(frame.rgb) if self.active("image_black") else frame.rgb
        depth: Any = np.zeros_like(frame.depth) if self.active("depth_zero") else frame.depth
        if rgb is frame.rgb and depth is frame.depth:
            return shot
        spoilt = RgbdFrame(rgb, depth, frame.intrinsics, frame.world_from_camera, frame.time_s, frame.camera)
        return replace(shot, frame=spoilt)


def _is_node(pattern: str, path: str) -> bool:
    """Whether a pattern fits a node's path, or its name alone."""
    return fnmatchcase(path, pattern) or fnmatchcase(path.rpartition("/")[2], pattern)
