"""The software e-stop: endpoints check in with the answer to a challenge, and motor power is cut if one does not.

Timeouts use the wall clock, like the client's check-ins.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bosdyn.api import estop_pb2

from simulation.spot_api.rpc.clock import duration, seconds_of
from simulation.spot_api.rpc.serve import Call

NONE: int = estop_pb2.ESTOP_LEVEL_NONE
SETTLE: int = estop_pb2.ESTOP_LEVEL_SETTLE_THEN_CUT
CUT: int = estop_pb2.ESTOP_LEVEL_CUT
SEVERITY = {NONE: 0, SETTLE: 1, CUT: 2}
CUT_AFTER_S = 4.0
"""An endpoint without a cut_power_timeout settles at its timeout, and cuts this much later."""
DEFAULT_TIMEOUT_S = 5.0
MASK = 2**64 - 1
OPERATOR = "simulated operator"


@dataclass
class Endpoint:
    """An e-stop endpoint.

    proto: its configuration. level: the stop level that it asks for. checked_s: monotonic time of the last valid
    check-in, None before the first. attended: False for the operator's endpoint, which never times out.
    """

    proto: Any
    level: int = CUT
    checked_s: float | None = None
    attended: bool = True
    challenge: int = field(default_factory=lambda: secrets.randbits(64))

    def effective(self, now_s: float) -> int:
        """The stop level now: the one asked for, or a more severe one after a timeout."""
        if not self.attended:
            return self.level
        if self.checked_s is None:
            return CUT
        silent = now_s - self.checked_s
        timeout = seconds_of(self.proto.timeout) or DEFAULT_TIMEOUT_S
        cut = seconds_of(self.proto.cut_power_timeout) or timeout + CUT_AFTER_S
        late = CUT if silent > cut else SETTLE if silent > timeout else NONE
        return max(late, self.level, key=lambda level: SEVERITY[level])


class Estop:
    """EstopService. motors_on: whether motor power is on. cut: cuts motor power at once.

    operator: whether a released endpoint is configured from the start. deaf: fault, check-ins have no effect. pressed:
    fault, the button is pressed.
    """

    def __init__(self, motors_on: Callable[[], bool], cut: Callable[[], None], *, operator: bool = True) -> None:
        self._motors_on, self._cut = motors_on, cut
        self._lock = threading.RLock()
        self._config_id = uuid.uuid4().hex
        self._slots: list[Any] = []
        self._endpoints: dict[str, Endpoint] = {}
        self.deaf = False
        self.pressed = False
        if operator:
            proto = estop_pb2.EstopEndpoint(role="PDB_rooted", name=OPERATOR, unique_id=uuid.uuid4().hex)
            self._slots.append(proto)
            self._endpoints[proto.unique_id] = Endpoint(proto, NONE, attended=False)

    def level(self) -> int:
        """The most severe stop level of all endpoints; CUT without any."""
        with self._lock:
            if self.pressed or not self._slots:
                return CUT
            now = time.monotonic()
            levels = [
                self._endpoints[slot.unique_id].effective(now) if slot.unique_id in self._endpoints else CUT
                for slot in self._slots
            ]
            return int(max(levels, key=lambda level: SEVERITY[level]))

    def described(self) -> str:
        """Why the robot is stopped, or ""."""
        with self._lock:
            if self.pressed:
                return "the e-stop button is pressed"
            if not self._slots:
                return "no e-stop endpoint is configured"
            now = time.monotonic()
            stopping = [
                self._endpoints[slot.unique_id].proto.name if slot.unique_id in self._endpoints else slot.name
                for slot in self._slots
                if slot.unique_id not in self._endpoints or self._endpoints[slot.unique_id].effective(now) != NONE
            ]
            return "stopped by: " + ", ".join(stopping) if stopping else ""

    # the service

    def get_estop_config(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            self._active(response.active_config)

    def _active(self, config: Any) -> None:
        config.unique_id = self._config_id
        for slot in self._slots:
            config.endpoints.add().CopyFrom(slot)

    def set_estop_config(self, request: Any, response: Any, call: Call) -> None:
        statuses = estop_pb2.SetEstopConfigResponse
        with self._lock:
            if request.target_config_id and request.target_config_id != self._config_id:
                response.status = statuses.STATUS_INVALID_ID
                self._active(response.active_config)
                return
            self._config_id = uuid.uuid4().hex
            self._slots, self._endpoints = [], {}
            for requested in request.config.endpoints:
                slot = estop_pb2.EstopEndpoint()
                slot.CopyFrom(requested)
                slot.unique_id = uuid.uuid4().hex
                self._slots.append(slot)
            self._active(response.active_config)
            response.status = statuses.STATUS_SUCCESS
        if self._motors_on():
            self._cut()

    def register_estop_endpoint(self, request: Any, response: Any, call: Call) -> None:
        statuses = estop_pb2.RegisterEstopEndpointResponse
        with self._lock:
            if request.target_config_id != self._config_id:
                response.status = statuses.STATUS_CONFIG_MISMATCH
                return
            target = request.target_endpoint
            for index, slot in enumerate(self._slots):
                if target.unique_id == slot.unique_id or (not target.unique_id and target.role == slot.role):
                    self._endpoints.pop(slot.unique_id, None)
                    new = estop_pb2.EstopEndpoint()
                    new.CopyFrom(request.new_endpoint)
                    new.unique_id = uuid.uuid4().hex
                    new.role = new.role or slot.role
                    self._slots[index] = new
                    self._endpoints[new.unique_id] = Endpoint(new)
                    response.new_endpoint.CopyFrom(new)
                    response.status = statuses.STATUS_SUCCESS
                    return
            response.status = statuses.STATUS_ENDPOINT_MISMATCH

    def deregister_estop_endpoint(self, request: Any, response: Any, call: Call) -> None:
        statuses = estop_pb2.DeregisterEstopEndpointResponse
        with self._lock:
            if request.target_config_id != self._config_id:
                response.status = statuses.STATUS_CONFIG_MISMATCH
            elif request.target_endpoint.unique_id not in self._endpoints:
                response.status = statuses.STATUS_ENDPOINT_MISMATCH
            elif self._motors_on():
                response.status = statuses.STATUS_MOTORS_ON
            else:
                del self._endpoints[request.target_endpoint.unique_id]
                response.status = statuses.STATUS_SUCCESS

    def estop_check_in(self, request: Any, response: Any, call: Call) -> None:
        statuses = estop_pb2.EstopCheckInResponse
        with self._lock:
            endpoint = self._endpoints.get(request.endpoint.unique_id)
            if endpoint is None:
                response.status = statuses.STATUS_ENDPOINT_UNKNOWN
                return
            expected = endpoint.challenge
            correct = request.challenge == expected and request.response == (~expected & MASK)
            endpoint.challenge = secrets.randbits(64)
            response.challenge = endpoint.challenge
            if not correct:
                response.status = statuses.STATUS_INCORRECT_CHALLENGE_RESPONSE
                return
            if not self.deaf:
                endpoint.checked_s, endpoint.level = time.monotonic(), request.stop_level
            response.status = statuses.STATUS_OK

    def get_estop_system_status(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            now = time.monotonic()
            response.status.stop_level = self.level()
            response.status.stop_level_details = self.described()
            for slot in self._slots:
                item = response.status.endpoints.add()
                item.endpoint.CopyFrom(slot)
                endpoint = self._endpoints.get(slot.unique_id)
                item.stop_level = CUT if endpoint is None else endpoint.effective(now)
                if endpoint is not None and endpoint.checked_s is not None:
                    item.time_since_valid_response.CopyFrom(duration(now - endpoint.checked_s))
