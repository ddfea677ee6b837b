"""Leases: which client may command which part; epochs, sub-leases and staleness."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bosdyn.api import lease_pb2
from bosdyn.client.lease import Lease

from simulation.spot_api.rpc.serve import Call, InvalidRequestError

PARENTS = {"body": "", "mobility": "body", "full-arm": "body", "arm": "full-arm", "gripper": "full-arm"}
"""Each resource and the resource that contains it."""
STALE_S = 5.0
"""Wall seconds without a RetainLease or a command before a lease is stale. Clients retain every 2 s."""

RESULT = lease_pb2.LeaseUseResult
ORDER = Lease.CompareResult


@dataclass
class Claim:
    """A claimed resource. lease: as issued. latest: the newest lease in use. used_s: monotonic time of its last use."""

    lease: Any
    latest: Any
    client: str
    user: str
    used_s: float


def family(resource: str) -> list[str]:
    """The resource and all resources that contain it, up to the body."""
    names = []
    while resource:
        names.append(resource)
        resource = PARENTS[resource]
    return names


class Leases:
    """LeaseService, and the check of leases for all other services.

    on_stale: called once, on the physics thread, when a lease has not been used for `stale_s` wall seconds.
    """

    def __init__(self, on_stale: Callable[[], None], stale_s: float = STALE_S) -> None:
        self.stale_s = stale_s
        self._on_stale = on_stale
        self._lock = threading.RLock()
        self._epoch = uuid.uuid4().hex
        self._sequence = 0
        self._claims: dict[str, Claim] = {}
        self._reported: set[int] = set()

    # the rules

    def use(self, lease: Any, needs: str, result: Any, *, advance: bool = True) -> bool:
        """Whether a lease allows a command that needs a resource; fills the LeaseUseResult.

        advance: whether the lease becomes the newest one in use.
        """
        with self._lock:
            result.attempted_lease.CopyFrom(lease)
            result.status = self._judge(lease, needs, advance=advance)
            claim = self._claims.get(lease.resource)
            if claim is not None:
                result.owner.client_name, result.owner.user_name = claim.client, claim.user
                result.latest_known_lease.CopyFrom(claim.latest)
            return bool(result.status == RESULT.STATUS_OK)

    def _judge(self, lease: Any, needs: str, *, advance: bool) -> int:
        if not lease.resource or not lease.sequence:
            return int(RESULT.STATUS_INVALID_LEASE)
        if lease.resource not in PARENTS or lease.resource not in family(needs):
            return int(RESULT.STATUS_UNMANAGED)
        if lease.epoch != self._epoch:
            return int(RESULT.STATUS_WRONG_EPOCH)
        claim = self._claims.get(lease.resource)
        if claim is None:
            old = lease.sequence[0] <= self._sequence
            return int(RESULT.STATUS_REVOKED if old else RESULT.STATUS_INVALID_LEASE)
        root = Lease(lease).compare(Lease(claim.lease))
        if root in (ORDER.OLDER, ORDER.SUPER_LEASE):
            return int(RESULT.STATUS_OLDER)
        if root is ORDER.NEWER:
            return int(RESULT.STATUS_INVALID_LEASE)
        if advance:
            if Lease(lease).compare(Lease(claim.latest)) in (ORDER.OLDER, ORDER.SUPER_LEASE):
                return int(RESULT.STATUS_OLDER)
            claim.latest.CopyFrom(lease)
        claim.used_s = time.monotonic()
        self._reported.discard(id(claim))
        return int(RESULT.STATUS_OK)

    def owner(self) -> str:
        """Name of the client that holds the body, or ""."""
        with self._lock:
            claim = self._claims.get("body")
            return claim.client if claim else ""

    def look(self) -> None:
        """Report leases that have become stale. Called by the physics thread."""
        with self._lock:
            stale = [claim for claim in self._claims.values() if self._stale(claim) and id(claim) not in self._reported]
            self._reported.update(id(claim) for claim in stale)
        if stale:
            self._on_stale()

    def _stale(self, claim: Claim) -> bool:
        return time.monotonic() - claim.used_s > self.stale_s

    def _grant(self, resource: str, client: str, user: str) -> Claim:
        self._sequence += 1
        lease = lease_pb2.Lease(resource=resource, epoch=self._epoch, sequence=[self._sequence], client_names=[client])
        latest = lease_pb2.Lease()
        latest.CopyFrom(lease)
        for other in self._relatives(resource):
            self._claims.pop(other, None)
        self._claims[resource] = Claim(lease, latest, client, user, time.monotonic())
        return self._claims[resource]

    def _relatives(self, resource: str) -> list[str]:
        """The resource itself, those that contain it and those that it contains."""
        return [other for other in PARENTS if other in family(resource) or resource in family(other)]

    def steal(self, client: str) -> None:
        """Give the body to another client."""
        with self._lock:
            self._grant("body", client, client)

    def reboot(self) -> None:
        """Begin a new epoch, in which all earlier leases are invalid."""
        with self._lock:
            self._epoch, self._sequence = uuid.uuid4().hex, 0
            self._claims.clear()

    # the service

    def acquire_lease(self, request: Any, response: Any, call: Call) -> None:
        status = lease_pb2.AcquireLeaseResponse
        with self._lock:
            if request.resource not in PARENTS:
                response.status = status.STATUS_INVALID_RESOURCE
                return
            for other in self._relatives(request.resource):
                claim = self._claims.get(other)
                if claim is not None and not self._stale(claim):
                    response.status = status.STATUS_RESOURCE_ALREADY_CLAIMED
                    response.lease_owner.client_name, response.lease_owner.user_name = claim.client, claim.user
                    return
            self._answer(response, self._grant(request.resource, call.client, call.user))
            response.status = status.STATUS_OK

    def take_lease(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            if request.resource not in PARENTS:
                response.status = lease_pb2.TakeLeaseResponse.STATUS_INVALID_RESOURCE
                return
            self._answer(response, self._grant(request.resource, call.client, call.user))
            response.status = lease_pb2.TakeLeaseResponse.STATUS_OK

    def _answer(self, response: Any, claim: Claim) -> None:
        response.lease.CopyFrom(claim.lease)
        response.lease_owner.client_name, response.lease_owner.user_name = claim.client, claim.user

    def return_lease(self, request: Any, response: Any, call: Call) -> None:
        status = lease_pb2.ReturnLeaseResponse
        with self._lock:
            resource = request.lease.resource
            if resource not in PARENTS:
                response.status = status.STATUS_INVALID_RESOURCE
            elif self._judge(request.lease, resource, advance=False) != RESULT.STATUS_OK:
                response.status = status.STATUS_NOT_ACTIVE_LEASE
            else:
                del self._claims[resource]
                response.status = status.STATUS_OK

    def retain_lease(self, request: Any, response: Any, call: Call) -> None:
        if not request.HasField("lease"):
            raise InvalidRequestError("RetainLease without a lease")
        self.use(request.lease, request.lease.resource, response.lease_use_result, advance=False)

    def list_leases(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            _fill_tree(response.resource_tree, "body")
            for resource in PARENTS:
                item = response.resources.add(resource=resource)
                claim = next((self._claims[name] for name in family(resource) if name in self._claims), None)
                if claim is None:
                    item.lease.resource, item.lease.epoch = resource, self._epoch
                    continue
                item.lease.CopyFrom(claim.lease if request.include_full_lease_info else claim.latest)
                item.lease.resource = resource
                item.lease_owner.client_name, item.lease_owner.user_name = claim.client, claim.user
                item.is_stale = self._stale(claim)


def _fill_tree(tree: Any, resource: str) -> None:
    tree.resource = resource
    for child in (name for name, parent in PARENTS.items() if parent == resource):
        _fill_tree(tree.sub_resources.add(), child)
