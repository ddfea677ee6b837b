"""What the server has received: JSON lines for people, values for tests. Passwords and tokens are never in it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict

from simulation.spot_api.rpc.serve import Call

TOLD = (
    "RobotCommandService.RobotCommand",
    "RobotCommandService.ClearBehaviorFault",
    "PowerService.PowerCommand",
    "LeaseService.AcquireLease",
    "LeaseService.TakeLease",
    "LeaseService.ReturnLease",
    "EstopService.SetEstopConfig",
    "EstopService.RegisterEstopEndpoint",
    "EstopService.DeregisterEstopEndpoint",
    "ManipulationApiService.ManipulationApi",
    "ManipulationApiService.ApiGraspOverride",
    "DockingService.DockingCommand",
    "KeepaliveService.ModifyPolicy",
    "DirectoryRegistrationService.RegisterService",
    "DirectoryRegistrationService.UnregisterService",
    "DataBufferService.RecordOperatorComments",
)
"""What is logged in full; of everything else only the number of calls is kept."""
BORING = ("header", "transforms_snapshot_for_camera")


@dataclass(frozen=True)
class Received:
    """One request. method: Service.Rpc. fields: the request as plain values, protobuf's own field names."""

    time_s: float
    method: str
    client: str
    fields: dict[str, Any]


@dataclass
class ReceivedLog:
    """Everything received so far. `log`: a structlog logger, or None."""

    log: Any | None = None
    commands: list[Received] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, time_s: float, call: Call, request: Any) -> None:
        with self._lock:
            self.counts[call.method] += 1
            if call.method not in TOLD:
                return
            fields = _plain(request)
            for name in BORING:
                _drop(fields, name)
            self.commands.append(Received(time_s, call.method, call.client, fields))
        if self.log is not None:
            self.log.info("received", rpc=call.method, client=call.client, request=fields)

    def note_refused(self, call: Call, reason: str) -> None:
        """A request with values that make no sense, which no service has seen."""
        with self._lock:
            self.counts[call.method] += 1
        self.event("refused", rpc=call.method, client=call.client, reason=reason)

    def note_error(self, where: str, error: Exception) -> None:
        """An error inside the simulator: a bug in it, or the end of the simulation. where: an RPC, or in words."""
        with self._lock:
            self.errors.append(f"{where}: {type(error).__name__}: {error}")
        if self.log is not None:
            self.log.error("failed", rpc=where, error=type(error).__name__, message=str(error), exc_info=error)

    def event(self, text: str, **fields: Any) -> None:
        """Something that the simulator did by itself, such as a fault from its script."""
        if self.log is not None:
            self.log.info(text, **fields)

    def of(self, method: str) -> list[Received]:
        """Requests of one RPC, e.g. "RobotCommand"."""
        with self._lock:
            return [item for item in self.commands if item.method.split(".")[1] == method]

    def claw_torques(self) -> list[float]:
        """maximum_torque of every claw command, N·m, in the order they came."""
        torques = []
        for item in self.of("RobotCommand"):
            together = item.fields.get("command", {}).get("synchronized_command", {})
            claw = together.get("gripper_command", {}).get("claw_gripper_command", {})
            if "maximum_torque" in claw:
                torques.append(float(claw["maximum_torque"]))
        return torques


def _plain(request: Any) -> dict[str, Any]:
    """The request as plain values; an Any of an unknown type has none."""
    try:
        return dict(MessageToDict(request, preserving_proto_field_name=True))
    except TypeError as error:
        return {"unreadable": str(error)}


def _drop(values: Any, name: str) -> None:
    if isinstance(values, dict):
        values.pop(name, None)
        for value in values.values():
            _drop(value, name)
