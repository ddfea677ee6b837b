"""The keepalive service: policies of a client that act when it stops checking in. Times are wall-clock times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bosdyn.api.keepalive import keepalive_pb2

from simulation.spot_api.body.machine import Machine
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.rpc.clock import RobotClock, seconds_of, timestamp
from simulation.spot_api.rpc.serve import Call

NO_SUCH_POLICY = keepalive_pb2.ModifyPolicyResponse.STATUS_INVALID_POLICY_ID


@dataclass
class Policy:
    """A client's policy. live: the LivePolicy. seen_s: time of the last check-in. done: indices of actions taken."""

    live: Any
    seen_s: float
    done: set[int] = field(default_factory=set)


class Keepalive:
    """KeepaliveService. It carries out controlled and immediate motors off; other actions are only logged."""

    def __init__(self, clock: RobotClock, machine: Machine, note: Callable[..., None]) -> None:
        self._clock, self._machine, self._note = clock, machine, note
        self._lock = threading.Lock()
        self._policies: dict[int, Policy] = {}
        self._count = 0

    def modify_policy(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            if any(number not in self._policies for number in request.policy_ids_to_remove):
                response.status = NO_SUCH_POLICY
                return
            for number in request.policy_ids_to_remove:
                response.removed_policies.add().CopyFrom(self._policies.pop(number).live)
            if request.HasField("to_add"):
                self._count += 1
                live = keepalive_pb2.LivePolicy(policy_id=self._count, client_name=call.client)
                live.policy.CopyFrom(request.to_add)
                live.policy.user_id = call.user
                live.last_checkin.CopyFrom(timestamp(self._clock.now()))
                self._policies[self._count] = Policy(live, time.monotonic())
                response.added_policy.CopyFrom(live)
            response.status = keepalive_pb2.ModifyPolicyResponse.STATUS_OK

    def check_in(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            policy = self._policies.get(request.policy_id)
            if policy is None:
                response.status = keepalive_pb2.CheckInResponse.STATUS_INVALID_POLICY_ID
                return
            response.last_checkin.CopyFrom(policy.live.last_checkin)
            policy.seen_s = time.monotonic()
            policy.done.clear()
            policy.live.last_checkin.CopyFrom(timestamp(self._clock.now()))
            response.status = keepalive_pb2.CheckInResponse.STATUS_OK

    def get_status(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            for policy in self._policies.values():
                response.status.add().CopyFrom(policy.live)

    def look(self, robot: Steerable) -> None:
        """Carry out the policies whose client is silent. Runs on the physics thread."""
        now, due = time.monotonic(), []
        with self._lock:
            for policy in self._policies.values():
                for index, action in enumerate(policy.live.policy.actions):
                    if index not in policy.done and now - policy.seen_s > seconds_of(action.after):
                        policy.done.add(index)
                        due.append((policy.live.policy.name, action.WhichOneof("action") or ""))
        for name, action in due:
            self._note("a keepalive policy acts", policy=name, action=action)
            if action == "controlled_motors_off":
                self._machine.settle_then_cut("a keepalive policy")
            elif action in ("immediate_robot_off", "immediate_motors_off"):
                self._machine.cut("a keepalive policy")
