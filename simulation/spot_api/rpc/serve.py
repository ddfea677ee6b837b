"""Serves a protobuf service with a plain object, the servicer: RPC `GetRobotState` calls its `get_robot_state`.

Header, clock, token, faults and log are the same for all services and are done here. An RPC without a method returns
UNIMPLEMENTED, as in gRPC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from google.protobuf.message_factory import GetMessageClass

from simulation.spot_api.rpc.clock import RobotClock, timestamp
from simulation.spot_api.rpc.impossible import impossible

CODE_OK, CODE_INTERNAL, CODE_INVALID = 1, 2, 3
"""Codes of bosdyn.api.CommonError."""


class InvalidRequestError(Exception):
    """The request is malformed: a field is missing or invalid. The client gets the message."""


class RpcAbortError(Exception):
    """The RPC ends with a gRPC status instead of a response."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


@dataclass(frozen=True)
class Call:
    """One RPC. method: Service.Rpc. client: name that the client gives itself. user: owner of its token."""

    method: str
    client: str
    user: str
    authority: str
    peer: str


class Gate(Protocol):
    """Checks and logs every RPC before it is served."""

    def admit(self, method: str, token: str) -> str:
        """The user of a bearer token, "" if none is needed. RpcAbortError if it is invalid."""

    def disturb(self, method: str, remaining_s: float | None) -> None:
        """Inject faults: may wait, or raise RpcAbortError."""

    def received(self, call: Call, request: Any) -> None:
        """Log a received request."""

    def refused(self, call: Call, reason: str) -> None:
        """Log a request that was refused before it reached a service."""

    def failed(self, call: Call, error: Exception) -> None:
        """Log an error inside a service."""


def snake(name: str) -> str:
    """GetRobotState -> get_robot_state."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def token_of(context: Any) -> str:
    """The request's bearer token, or ""."""
    for key, value in context.invocation_metadata():
        if key == "authorization" and value.startswith("Bearer "):
            return str(value[len("Bearer ") :])
    return ""


def authority_of(context: Any) -> str:
    """The host name that the client asked for. gRPC for Python has no public attribute for it."""
    details = getattr(getattr(context, "_rpc_event", None), "call_details", None)
    host = getattr(details, "host", b"")
    return host.decode() if isinstance(host, bytes) else str(host)


def handler_of(service: Any, servicer: object, gate: Gate, clock: RobotClock) -> Any:
    """A gRPC handler of a service descriptor for a servicer with methods `f(request, response, call)`."""
    handlers = {}
    for rpc in service.methods:
        function = getattr(servicer, snake(rpc.name), None)
        if function is None or rpc.client_streaming or rpc.server_streaming:
            continue
        request_class, response_class = GetMessageClass(rpc.input_type), GetMessageClass(rpc.output_type)
        handlers[rpc.name] = grpc.unary_unary_rpc_method_handler(
            _serve(f"{service.name}.{rpc.name}", function, response_class, gate, clock),
            request_deserializer=request_class.FromString,
            response_serializer=response_class.SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def refuse(response: Any, reason: str) -> tuple[int, str]:
    """Mark a response as that of an invalid request; returns code and message for its header.

    The response's own status is set if it has such a value, else the header's error code.
    """
    status = response.DESCRIPTOR.fields_by_name.get("status")
    kinds = {} if status is None or status.enum_type is None else status.enum_type.values_by_name
    if "STATUS_INVALID_REQUEST" not in kinds:
        return CODE_INVALID, reason
    response.status = kinds["STATUS_INVALID_REQUEST"].number
    if "message" in response.DESCRIPTOR.fields_by_name:
        response.message = reason
    return CODE_OK, ""


def _serve(
    method: str, function: Callable[[Any, Any, Call], None], response_class: Any, gate: Gate, clock: RobotClock
) -> Callable[[Any, Any], Any]:
    def serve(request: Any, context: Any) -> Any:
        received = clock.now()
        try:
            user = gate.admit(method, token_of(context))
            gate.disturb(method, context.time_remaining())
            call = Call(method, request.header.client_name, user, authority_of(context), context.peer())
            response = response_class()
            code, message = CODE_OK, ""
            try:
                fault = impossible(request)
                if fault:
                    gate.refused(call, fault)
                    code, message = refuse(response, fault)
                else:
                    gate.received(call, request)
                    function(request, response, call)
            except InvalidRequestError as error:
                code, message = CODE_INVALID, str(error)
            except RpcAbortError:
                raise
            except Exception as error:  # the client must get an answer, and the robot must continue
                gate.failed(call, error)
                code, message = CODE_INTERNAL, f"{type(error).__name__}: {error}"
        except RpcAbortError as abort:
            context.abort(abort.code, abort.details)
        header = response.header
        header.request_header.CopyFrom(request.header)
        header.request_received_timestamp.CopyFrom(timestamp(received))
        header.response_timestamp.CopyFrom(timestamp(clock.now()))
        header.error.code = code
        header.error.message = message
        return response

    return serve
