"""Serves a protobuf service with a plain object: an RPC `GetRobotState` is the method `get_robot_state`.

What every response of the robot has in common is done here once: header, clock, token, faults, log. An RPC without a
method answers UNIMPLEMENTED, as gRPC does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from google.protobuf.message_factory import GetMessageClass

from simulation.spot_api.rpc.clock import RobotClock, timestamp
from simulation.spot_api.rpc.impossible import nonsense

CODE_OK, CODE_INTERNAL, CODE_INVALID = 1, 2, 3
"""Of bosdyn.api.CommonError."""


class InvalidRequestError(Exception):
    """The request is malformed: a field is missing or makes no sense. The client gets its message."""


class RpcAbortError(Exception):
    """The RPC ends with a gRPC status instead of a response."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


@dataclass(frozen=True)
class Call:
    """One RPC being served. method: Service.Rpc. client: name the client gives itself. user: whose token it is."""

    method: str
    client: str
    user: str
    authority: str
    peer: str


class Gate(Protocol):
    """What every RPC passes before it is served."""

    def admit(self, method: str, token: str) -> str:
        """The user a bearer token belongs to, "" where none is needed. RpcAbortError if it is not good."""

    def disturb(self, method: str, remaining_s: float | None) -> None:
        """Fault injection: may wait, or raise RpcAbortError."""

    def received(self, call: Call, request: Any) -> None:
        """Note what has been received."""

    def refused(self, call: Call, reason: str) -> None:
        """Note a request that no service has seen."""

    def failed(self, call: Call, error: Exception) -> None:
        """Note an error inside a service."""


def snake(name: str) -> str:
    """GetRobotState -> get_robot_state."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def token_of(context: Any) -> str:
    """The bearer token sent along, or ""."""
    for key, value in context.invocation_metadata():
        if key == "authorization" and value.startswith("Bearer "):
            return str(value[len("Bearer ") :])
    return ""


def authority_of(context: Any) -> str:
    """The host name the client asked for. gRPC for Python shows it nowhere in public."""
    details = getattr(getattr(context, "_rpc_event", None), "call_details", None)
    host = getattr(details, "host", b"")
    return host.decode() if isinstance(host, bytes) else str(host)


def handler_of(service: Any, implementation: object, gate: Gate, clock: RobotClock) -> Any:
    """A gRPC handler of a service descriptor for an object with methods `f(request, response, call)`."""
    handlers = {}
    for rpc in service.methods:
        function = getattr(implementation, snake(rpc.name), None)
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
    """Answer that a request is invalid: by the response's own status where it has one for that, else by the header.
    Returns code and message of the header."""
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
                wrong = nonsense(request)
                if wrong:
                    gate.refused(call, wrong)
                    code, message = refuse(response, wrong)
                else:
                    gate.received(call, request)
                    function(request, response, call)
            except InvalidRequestError as error:
                code, message = CODE_INVALID, str(error)
            except RpcAbortError:
                raise
            except Exception as error:  # a client must get an answer, and the robot must go on
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
