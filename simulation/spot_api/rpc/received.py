"""The log of received requests: lines for people, values for tests. It never has passwords or tokens."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict

from simulation.spot_api.rpc.serve import Call

LOGGED = (
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
"""Requests that are logged in full. Of all others only the number is kept."""
DROPPED = ("header", "transforms_snapshot_for_camera")
"""Fields left out of the log."""


@dataclass(frozen=True)
class Received:
    """One request. method: Service.Rpc. fields: the request as plain values, by protobuf field name."""

    time_s: float
    method: str
    client: str
    fields: dict[str, Any]


@dataclass
class ReceivedLog:
    """All requests so far. log: a structlog logger, or None. commands: the requests of LOGGED. counts: by method."""

    log: Any | None = None
    commands: list[Received] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, time_s: float, call: Call, request: Any) -> None:
        with self._lock:
            self.counts[call.method] += 1
            if call.method not in LOGGED:
                return
            fields = _plain(request)
            for name in DROPPED:
                _drop(fields, name)
            self.commands.append(Received(time_s, call.method, call.client, fields))
        if self.log is not None:
            self.log.info("received", rpc=call.method, client=call.client, request=fields)

    def note_refused(self, call: Call, reason: str) -> None:
        """Log a request with impossible values, which no service has seen."""
        with self._lock:
            self.counts[call.method] += 1
        self.event("refused", rpc=call.method, client=call.client, reason=reason)

    def note_error(self, where: str, error: Exception) -> None:
        """Log an error inside the simulator. where: an RPC, or a description."""
        with self._lock:
            self.errors.append(f"{where}: {type(error).__name__}: {error}")
        if self.log is not None:
            self.log.error("failed", rpc=where, error=type(error).__name__, message=str(error), exc_info=error)

    def event(self, text: str, **fields: Any) -> None:
        """Log an action of the simulator itself, such as a fault from its script."""
        if self.log is not None:
            self.log.info(text, **fields)

    def of(self, method: str) -> list[Received]:
        """Requests of one RPC, e.g. "RobotCommand"."""
        with self._lock:
            return [item for item in self.commands if item.method.split(".")[1] == method]

    def claw_torques(self) -> list[float]:
        """maximum_torque of every claw command, N·m, in the order of arrival."""
        torques = []
        for item in self.of("RobotCommand"):
            together = item.fields.get("command", {}).get("synchronized_command", {})
            claw = together.get("gripper_command", {}).get("claw_gripper_command", {})
            if "maximum_torque" in claw:
                torques.append(float(claw["maximum_torque"]))
        return torques


def _plain(request: Any) -> dict[str, Any]:
    """The request as plain values; one that holds an Any of an unknown type has only the reason."""
    try:
        return dict(MessageToDict(request, preserving_proto_field_name=True))
    except TypeError as error:
        return {"unreadable": str(error)}


def _drop(values: Any, name: str) -> None:
    if isinstance(values, dict):
        values.pop(name, None)
        for value in values.values():
            _drop(value, name)
