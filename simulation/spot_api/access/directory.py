"""The directory of services, registration of payloads' services, and forwarding of RPCs to them."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import Any

import grpc
from bosdyn.api import directory_pb2, directory_registration_pb2

from simulation.spot_api.rpc.clock import RobotClock, timestamp
from simulation.spot_api.rpc.serve import Call, Gate, InvalidRequestError, RpcAbortError, authority_of, token_of


@dataclass
class Registered:
    """A payload's service. seen_s: wall time of its last registration or update."""

    entry: Any
    address: str
    channel: Any
    seen_s: float

    @property
    def alive(self) -> bool:
        timeout = self.entry.liveness_timeout_secs
        return not timeout or time.monotonic() - self.seen_s < timeout


def reachable(name: str, authority: str) -> str:
    """An authority that the server's certificate covers: the service's own, or else one made of its name."""
    if re.fullmatch(r"[A-Za-z0-9-]+\.spot\.robot", authority):
        return authority
    return f"{re.sub('[^A-Za-z0-9-]', '-', name)}.spot.robot"


class Directory:
    """DirectoryService and DirectoryRegistrationService: the robot's own services and registered ones."""

    def __init__(self, clock: RobotClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._own: dict[str, Any] = {}
        self._registered: dict[str, Registered] = {}

    def add(self, name: str, kind: str, authority: str, *, token: bool = True) -> None:
        """List one of the robot's own services."""
        entry = directory_pb2.ServiceEntry(name=name, type=kind, authority=authority, user_token_required=token)
        entry.last_update.CopyFrom(timestamp(self._clock.now()))
        self._own[name] = entry

    def remove(self, name: str) -> None:
        self._own.pop(name, None)

    def target(self, authority: str, kind: str) -> Registered | None:
        """The registered service for an RPC, by authority, or by type alone if there is no authority; None if none
        fits.
        """
        with self._lock:
            alive = [item for item in self._registered.values() if item.entry.type == kind]
            exact = [item for item in alive if item.entry.authority == authority]
        return exact[0] if exact else alive[0] if len(alive) == 1 and not authority else None

    def list_service_entries(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            entries = [*self._own.values(), *(item.entry for item in self._registered.values() if item.alive)]
        for entry in entries:
            response.service_entries.add().CopyFrom(entry)

    def get_service_entry(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            item = self._registered.get(request.service_name)
            entry = item.entry if item is not None else self._own.get(request.service_name)
        statuses = directory_pb2.GetServiceEntryResponse
        if entry is None:
            response.status = statuses.STATUS_NONEXISTENT_SERVICE
            return
        response.service_entry.CopyFrom(entry)
        response.status = statuses.STATUS_OK

    def register_service(self, request: Any, response: Any, call: Call) -> None:
        statuses = directory_registration_pb2.RegisterServiceResponse
        name = request.service_entry.name
        with self._lock:
            if name in self._own or name in self._registered:
                response.status = statuses.STATUS_ALREADY_EXISTS
                return
            self._registered[name] = self._connect(request, call)
        response.status = statuses.STATUS_OK

    def update_service(self, request: Any, response: Any, call: Call) -> None:
        statuses = directory_registration_pb2.UpdateServiceResponse
        with self._lock:
            before = self._registered.get(request.service_entry.name)
            if before is None:
                response.status = statuses.STATUS_NONEXISTENT_SERVICE
                return
            self._registered[request.service_entry.name] = self._connect(request, call, before)
        response.status = statuses.STATUS_OK

    def _connect(self, request: Any, call: Call, before: Registered | None = None) -> Registered:
        entry, endpoint = request.service_entry, request.endpoint
        if not (entry.name and entry.type and entry.authority):
            raise InvalidRequestError("a service entry needs a name, a type and an authority")
        if not 0 < endpoint.port < 2**16:
            raise InvalidRequestError(f"port {endpoint.port} of the service's endpoint must be 1 to {2**16 - 1}")
        stored = directory_pb2.ServiceEntry()
        stored.CopyFrom(entry)
        stored.authority = reachable(entry.name, entry.authority)
        stored.last_update.CopyFrom(timestamp(self._clock.now()))
        address = f"{endpoint.host_ip or '127.0.0.1'}:{endpoint.port}"
        if before is not None and before.address == address:
            return Registered(stored, address, before.channel, time.monotonic())
        if before is not None:
            before.channel.close()
        return Registered(stored, address, grpc.insecure_channel(address), time.monotonic())

    def unregister_service(self, request: Any, response: Any, call: Call) -> None:
        statuses = directory_registration_pb2.UnregisterServiceResponse
        with self._lock:
            item = self._registered.pop(request.service_name, None)
        if item is None:
            response.status = statuses.STATUS_NONEXISTENT_SERVICE
            return
        item.channel.close()
        response.status = statuses.STATUS_OK

    def close(self) -> None:
        with self._lock:
            for item in self._registered.values():
                item.channel.close()
            self._registered.clear()


class Proxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """Forwards RPCs, as bytes, to registered services. It is asked after the robot's own handlers."""

    def __init__(self, directory: Directory, gate: Gate) -> None:
        self._directory, self._gate = directory, gate

    def service(self, details: Any) -> Any:
        kind, _, rpc = details.method.lstrip("/").partition("/")

        def forward(request: bytes, context: Any) -> Any:
            method = f"{kind.rpartition('.')[2]}.{rpc}"
            try:
                self._gate.admit(method, token_of(context))
                self._gate.disturb(method, context.time_remaining())
            except RpcAbortError as abort:
                context.abort(abort.code, abort.details)
            target = self._directory.target(authority_of(context).partition(":")[0], kind)
            if target is None:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no service of type {kind} is registered here")
                return b""  # not reached: abort raises
            try:
                call = target.channel.unary_unary(details.method, None, None)
                return call(request, timeout=context.time_remaining())
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(forward)
