"""Faults on purpose, at each stage of the bottle tree: one run of the whole program for each, and what it must keep.

The robot behind the services is the fake; everything between the tree and it is real: gRPC, TLS, leases, e-stop.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import app.session.compose
import app.session.run
import behaviours.robots.spot.control.estop
from app.base.exit_codes import exit_code
from app.base.interrupts import Interrupts
from app.session.compose import Parts
from app.session.options import RunOptions
from app.views.model import NoView, Transition
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.robot import SpotRobot
from perception.base.errors import SpotGraspError
from simulation.spot_api import SpotServer
from simulation.spot_api.faults.spec import FaultSpec
from tests.support.spot_robot import target_of

SPEED = 6.0
TIME_LIMIT_S = 240.0
WATCHDOG_S = 300.0
"""A run that takes longer hangs; without a fault one takes about 5 s."""
REACT_S = 0.6
"""Wall seconds after which nothing may be commanded any more: the state is read at every tick, ten times as often.
On a machine so busy that it was not read twice by then, what counts is the second answer."""
STILL_MPS, STILL_RADPS = 0.02, 0.05
STAGES = {
    "arm": "Sequence/Ready",
    "open": "Sequence/OpenToSee",
    "see": "FindObject/LookAgain/Look/Capture",
    "think": "FindObject/LookAgain/Look/DetectObject",
    "walk": "WalkOrRecover/WalkToObject",
    "look": "GraspOnce/Sequence/LookAt",
    "infer": "GraspOnce/Sequence/InferHeatmap",
    "approach": "GraspOnce/Sequence/MoveToGrasp",
    "close": "GraspOnce/Sequence/CloseGripper",
    "lift": "GraspOnce/Sequence/LiftHand",
    "verify": "GraspOnce/Sequence/VerifyGrasp",
}
EVERYWHERE = tuple(STAGES)
MOVING_ARM = ("arm", "look", "approach", "lift")
ENDS = ("success", "failure", "error")


@dataclass(frozen=True)
class Fault:
    """spec: what goes wrong when the stage is entered. ends: how a run may end. words: what an error must say.
    ours: the lease is still ours after it. stops: no command may follow it but to switch off. still: the robot
    must stand still."""

    spec: FaultSpec
    ends: tuple[str, ...]
    stages: tuple[str, ...] = EVERYWHERE
    words: str = ""
    ours: bool = True
    stops: bool = False
    still: bool = True
    own_estop: bool = False


def wall(seconds: float) -> float:
    """Simulated seconds for seconds of the wall."""
    return seconds * SPEED


FAULTS: dict[str, Fault] = {
    "every RPC 0.2 s late": Fault(FaultSpec("rpc_delay", seconds=0.2, for_s=wall(2.0)), ("success",)),
    "unavailable for a moment": Fault(FaultSpec("rpc_unavailable", for_s=wall(0.5)), ("success",)),
    "unavailable for good": Fault(FaultSpec("rpc_unavailable"), ("error",), words="is lost", ours=False),
    "no answer before the deadline": Fault(FaultSpec("rpc_deadline"), ("error",), words="is lost", ours=False),
    "one picture lost": Fault(FaultSpec("rpc_unavailable", rpc="GetImage", times=1), ("success",), ("see", "look")),
    "no picture for a moment": Fault(FaultSpec("image_error", for_s=wall(0.5)), ("success",), ("see", "look")),
    "no picture for good": Fault(FaultSpec("image_error"), ("error",), ("see", "look"), words="no usable picture"),
    "connection cut and back": Fault(FaultSpec("connection_cut", for_s=wall(0.4)), ("success", "error")),
    "connection cut for good": Fault(FaultSpec("connection_cut"), ("error",), words="is lost", ours=False, still=False),
    "lease stolen": Fault(
        FaultSpec("lease_stolen", by="thief"), ("error",), words="held by thief", ours=False, stops=True, still=False
    ),
    "e-stop pressed": Fault(FaultSpec("estop_pressed"), ("error",), words="e-stop", stops=True),
    "check-ins of our e-stop lost": Fault(
        FaultSpec("estop_check_ins_lost"), ("error", "success"), words="e-stop", own_estop=True
    ),
    "motors off": Fault(FaultSpec("motors_off"), ("error",), words="motors", stops=True),
    "behaviour fault": Fault(FaultSpec("behavior_fault"), ("error",), words="CAUSE_FALL", stops=True),
    "black pictures": Fault(FaultSpec("image_black"), ("failure",), ("see", "look")),
    "old pictures": Fault(FaultSpec("image_stale"), ("error", "success"), ("walk", "look"), words="old pictures"),
    "no depth": Fault(FaultSpec("depth_zero"), ("failure",), ("see", "look")),
    "no depth for a moment": Fault(FaultSpec("depth_zero", for_s=wall(0.3)), ("success",), ("see",)),
    "clock set 30 s ahead": Fault(FaultSpec("clock_skew", seconds=30.0), ("success", "failure")),
    "clock set 30 s back": Fault(FaultSpec("clock_skew", seconds=-30.0), ("success", "failure")),
    "clock gains 5 %": Fault(FaultSpec("clock_drift", rate=0.05), ("success",)),
    "arm stalled for good": Fault(FaultSpec("arm_stalled"), ("failure",), MOVING_ARM),
    "arm stalled once": Fault(FaultSpec("arm_stalled", for_s=1.0), ("success", "failure"), MOVING_ARM),
    "walk blocked for good": Fault(FaultSpec("walk_blocked"), ("failure",), ("walk",)),
    "bottle bumped 3 cm": Fault(
        FaultSpec("object_bumped", offset_m=(0.0, 0.03, 0.0)), ("success", "failure"), ("walk", "look", "approach")
    ),
    "bottle slips": Fault(FaultSpec("object_slips"), ("success",), ("lift", "verify")),
}


@dataclass
class Outcome:
    """How one run ended. broken: what it did not keep, in words."""

    status: str
    reason: str
    attempts: int
    broken: list[str] = field(default_factory=list)


class _Trigger(NoView):
    """A view that begins the fault when the stage is entered for the first time."""

    def __init__(self, server: SpotServer, fault: Fault, stage: str) -> None:
        self._server, self._fault, self._place = server, fault, STAGES[stage]
        self.begun_s: float | None = None
        self.commands_before = 0

    def transition(self, change: Transition) -> None:
        if self.begun_s is None and change.new != "IDLE" and change.path.endswith(self._place):
            self.begun_s = self._server.now()
            self._server.faults.add(self._fault.spec)


class _Unheard(Interrupts):
    """For a run in a thread; signals come to the main one only."""

    def guarding(self, stop: Any, save: Any) -> Any:
        return super().guarding(None, save)


_made = threading.local()


def install(monkeypatch: Any) -> None:
    """Let `app.session.run.run` use the robot and the view that `play` has made in the same thread."""
    monkeypatch.setattr(
        behaviours.robots.spot.control.estop, "TIMEOUT_S", 1.5
    )  # on the wall, while the robot lives six times faster
    monkeypatch.setattr(app.session.compose, "compose", lambda *_: _made.parts)
    monkeypatch.setattr(app.session.run, "make_view", lambda *_: _made.view)


def play(name: str, stage: str, folder: Path) -> Outcome:
    """One run with one fault at one stage. `install` must have been called."""
    fault = FAULTS[name]
    with SpotServer(FakeRobot(), speed=SPEED, operator_estop=not fault.own_estop) as server:
        robot = SpotRobot(target_of(server), SpotOptions(own_estop=fault.own_estop))
        _made.view = view = _Trigger(server, fault, stage)
        _made.parts = Parts(robot, FakeDetector(), FakeHeatmap(), dict, {})
        options = RunOptions("grasp_bottle", robot="spot", view="none", record=folder, json=True)
        options = RunOptions(**{**vars(options), "time_limit_s": TIME_LIMIT_S})
        raised = ""
        begun = time.monotonic()
        try:
            app.session.run.run(options, _Unheard())
        except SpotGraspError as error:
            raised = f"{type(error).__name__} with exit code {exit_code(error)}: {error}"
        took_s = time.monotonic() - begun
        outcome = _read(folder)
        broken = outcome.broken
        if view.begun_s is None:
            broken.append(f"the stage {stage} was never entered: {outcome.reason}")
            return outcome
        if took_s > WATCHDOG_S:
            broken.append(f"it took {took_s:.0f} s")
        if outcome.status not in fault.ends:
            broken.append(f"it ended with {outcome.status} ({outcome.reason}), not {' or '.join(fault.ends)}")
        if outcome.status == "error":
            if "exit code 3" not in raised:
                broken.append(f"an error without exit code 3: {raised or 'nothing was raised'}")
            if fault.words not in outcome.reason:
                broken.append(f"the reason does not say {fault.words!r}: {outcome.reason}")
        broken += _after(server, fault, view.begun_s, outcome.status)
        server.faults.clear()
        if server.log.errors:
            broken.append(f"the simulator failed: {server.log.errors[0]}")
        return outcome


def _read(folder: Path) -> Outcome:
    """The result, and whether the run folder is whole."""
    broken = []
    for name in ("config.json", "tree.xml", "log.jsonl", "result.json"):
        if not (folder / name).is_file():
            broken.append(f"{name} is missing in the run folder")
    lines = (folder / "log.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    if events[-1]["event"] != "result":
        broken.append("the log does not end with the result")
    if list(folder.rglob(".*.part")):
        broken.append("half-written files are left")
    result = json.loads((folder / "result.json").read_text())
    return Outcome(result["status"], result["reason"], result["attempts"], broken)


def _after(server: SpotServer, fault: Fault, begun_s: float, status: str) -> list[str]:
    """What is wrong with what was sent after the fault began, and with how the robot was left."""
    broken = []
    if fault.stops and status == "error":
        answers = [item.time_s for item in server.log.of("GetRobotState") if item.time_s > begun_s]
        known_s = max([begun_s + wall(REACT_S), *answers[1:2]])
        sent = [item for item in server.log.of("RobotCommand") if item.time_s > known_s]
        late = [item for item in sent if "safe_power_off_request" not in str(item.fields)]
        if late:
            broken.append(f"{len(late)} commands were sent after {REACT_S} s")
    claim = server.leases.owner()
    if fault.ours and claim:
        broken.append(f"the lease was not returned, it is with {claim}")
    if fault.still and not _still(server):
        broken.append("the robot still moves")
    return broken


def _still(server: SpotServer, limit_s: float = 10.0) -> bool:
    """Whether body and arm come to rest within wall seconds."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        snapshot = server.world.snapshot
        slow = float(np.abs(snapshot.body_velocity[:2]).max()) < STILL_MPS
        if slow and float(np.abs(snapshot.arm_rate).max()) < STILL_RADPS:
            return True
        time.sleep(0.02)
    return False
