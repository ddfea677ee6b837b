"""The power service: motors on and off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from bosdyn.api import estop_pb2, power_pb2

from simulation.spot_api.body.lease import Leases
from simulation.spot_api.body.machine import ON, Machine
from simulation.spot_api.rpc.serve import Call

REQUEST = power_pb2.PowerCommandRequest


class Power:
    """PowerService. estop_level: the most severe stop level now."""

    def __init__(self, machine: Machine, leases: Leases, estop_level: Callable[[], int]) -> None:
        self._machine, self._leases, self._estop_level = machine, leases, estop_level
        self._lock = threading.Lock()
        self._count = 0
        self._commands: dict[int, int] = {}

    def power_command(self, request: Any, response: Any, call: Call) -> None:
        if not self._leases.use(request.lease, "body", response.lease_use_result):
            return
        response.status = self._begin(request.request)
        with self._lock:
            self._count += 1
            self._commands[self._count] = request.request
            response.power_command_id = self._count

    def _begin(self, command: int) -> int:
        if command == REQUEST.REQUEST_OFF_MOTORS:
            self._machine.cut("the client has cut motor power")
            return int(power_pb2.STATUS_SUCCESS)
        if command != REQUEST.REQUEST_ON_MOTORS:
            return int(power_pb2.INCOMPATIBLE_HARDWARE_ERROR)
        if self._estop_level() != estop_pb2.ESTOP_LEVEL_NONE:
            return int(power_pb2.STATUS_ESTOPPED)
        self._machine.power_on()
        return int(power_pb2.STATUS_SUCCESS if self._machine.motors_on() else power_pb2.STATUS_IN_PROGRESS)

    def power_command_feedback(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            command = self._commands.get(request.power_command_id)
        if command == REQUEST.REQUEST_ON_MOTORS:
            if self._machine.motors == ON:
                response.status = power_pb2.STATUS_SUCCESS
            elif self._estop_level() != estop_pb2.ESTOP_LEVEL_NONE:
                response.status = power_pb2.STATUS_ESTOPPED
            else:
                response.status = power_pb2.STATUS_IN_PROGRESS
        elif command == REQUEST.REQUEST_OFF_MOTORS:
            off = not self._machine.motors_on()
            response.status = power_pb2.STATUS_SUCCESS if off else power_pb2.STATUS_OVERRIDDEN
        else:
            response.status = power_pb2.STATUS_INTERNAL_ERROR
