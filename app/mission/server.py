"""The gRPC server of the service. Callers are limited to the robot, named addresses, or holders of a certificate."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from app.base.output import warn
from perception.base.errors import ConfigError, RobotError
from perception.base.files import TEXT_BYTES, read_bytes

WORKERS: Final = 8
MAX_MESSAGE_BYTES: Final = 256 * 1024
STREAMS_AT_ONCE: Final = 16
"""Concurrent calls over one connection."""
MAX_WARNED: Final = 16
GRACE_S: Final = 1.0
STOP_S: Final = 5.0


@dataclass(frozen=True)
class Tls:
    """PEM files. key, certificate: of the service. client_ca: of the authority that signs the callers' certificates."""

    key: Path
    certificate: Path
    client_ca: Path

    def credentials(self) -> Any:
        """gRPC's server credentials. ConfigError if a file cannot be read."""
        import grpc

        files = (self.key, self.certificate, self.client_ca)
        key, certificate, ca = (read_bytes(file, "PEM file", TEXT_BYTES) for file in files)
        return grpc.ssl_server_credentials([(key, certificate)], root_certificates=ca, require_client_auth=True)


class Callers:
    """The addresses that may call; None allows all."""

    def __init__(self, addresses: Iterable[str] | None) -> None:
        self._allowed = None if addresses is None else {ipaddress.ip_address(address) for address in addresses}
        self._warned: set[str] = set()

    def admit(self, peer: str) -> bool:
        """Whether a peer, in gRPC's form, may call. The first call of a refused address is reported on stderr."""
        if self._allowed is None:
            return True
        address = address_of(peer)
        if address is not None and ipaddress.ip_address(address) in self._allowed:
            return True
        if str(address) not in self._warned and len(self._warned) < MAX_WARNED:
            self._warned.add(str(address))
            warn(f"refused a call from {address}, not the robot; see --allow-from")
        return False


def address_of(peer: str) -> str | None:
    """The IP address in a peer of gRPC, ipv4:1.2.3.4:5 or ipv6:[::1]:5; None if there is none."""
    kind, _, rest = unquote(peer).partition(":")
    host = rest.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address) if kind in ("ipv4", "ipv6") else None


def addresses_of(host: str) -> list[str]:
    """The IP addresses of a host name. ConfigError if it has none."""
    try:
        return sorted({str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)})
    except OSError as error:
        raise ConfigError(f"no address of {host!r}: the name does not resolve; give an IP address") from error


class Server:
    """A gRPC server. `asyncio` reads the calls, so that an incomplete call blocks no thread; a few threads answer them.

    add: registers the service with the gRPC server.
    """

    def __init__(self, add: Any, callers: Callers, tls: Tls | None) -> None:
        self._add, self._callers = add, callers
        self._credentials = None if tls is None else tls.credentials()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="mission")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mission-calls", daemon=True)
        self._server: Any = None

    def start(self, address: str, port: int) -> int:
        """Listen and return the port. RobotError if the address cannot be bound."""
        self._thread.start()
        return self._do(self._start(address, port))

    def _do(self, coroutine: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(2 * STOP_S)

    async def _start(self, address: str, port: int) -> int:
        import grpc.aio

        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_concurrent_streams", STREAMS_AT_ONCE),
        ]
        allowlist = _allowlist(self._callers)
        self._server = grpc.aio.server(self._pool, interceptors=[allowlist], options=options)
        self._add(self._server)
        place = f"[{address}]:{port}" if ":" in address and not address.startswith("[") else f"{address}:{port}"
        try:
            if self._credentials is None:
                bound = int(self._server.add_insecure_port(place))
            else:
                bound = int(self._server.add_secure_port(place, self._credentials))
        except RuntimeError as error:
            raise RobotError(f"cannot listen on {place}; is it an address of this computer, the port free?") from error
        await self._server.start()
        return bound

    async def _stop(self) -> int:
        await self._server.stop(GRACE_S)
        return 0

    def stop(self) -> None:
        """Stop answering; safe if `start` has failed."""
        if self._server is not None:
            self._do(self._stop())
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
        self._pool.shutdown(wait=False)
        if not self._thread.is_alive():
            self._loop.close()


def _allowlist(callers: Callers) -> Any:
    """An interceptor that refuses callers of other addresses."""
    import grpc.aio

    class Allowlist(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            handler = await continuation(details)
            if handler is None:
                return None

            def answer(request: Any, context: Any) -> Any:
                if not callers.admit(context.peer()):
                    context.abort(grpc.StatusCode.PERMISSION_DENIED, "this address may not call; see --allow-from")
                return handler.unary_unary(request, context)

            return grpc.unary_unary_rpc_method_handler(
                answer, handler.request_deserializer, handler.response_serializer
            )

    return Allowlist()
