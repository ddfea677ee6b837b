"""Who answers at an address: one TLS handshake, since gRPC says little about what is not a robot."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from perception.base.errors import ConfigError, RobotError

NAME: Final = "auth.spot.robot"
"""What a Spot's certificate is for, whatever its address."""
EXPIRED, NOT_YET_VALID, OTHER_NAME = 10, 9, 62
"""OpenSSL's verification codes."""


def probe(host: str, port: int, roots: bytes, certificate: Path | None, limit_s: float) -> str | None:
    """Connect and greet, within `limit_s` seconds in all. roots: PEM of the authorities that are trusted. certificate:
    the file they came from, None for the vendor's own.

    None if it may well be a Spot; else why its certificate will not do, which gRPC has the last word about. RobotError,
    with what to do, if nobody is there or somebody who does not speak TLS.
    """
    end_s, place, context = time.monotonic() + limit_s, f"{host} port {port}", _context(roots, certificate)
    try:
        connection = socket.create_connection((host, port), limit_s)
    except (socket.gaierror, UnicodeError) as error:
        raise RobotError(
            f"no robot named {host!r}: the name does not resolve; check --hostname and the network"
        ) from error
    except ConnectionRefusedError as error:
        raise RobotError(
            f"{place} refuses connections; a Spot's port is 443, a simulated one prints its own: check --port, and "
            "whether the robot has finished starting"
        ) from error
    except OSError as error:
        why = f"within {limit_s:g} s" if isinstance(error, TimeoutError) else f"({error.strerror or error})"
        raise RobotError(
            f"nothing answers at {place} {why}; is the robot on, and is this computer in its network?"
        ) from error
    with connection:
        connection.settimeout(max(end_s - time.monotonic(), 0.1))
        try:
            with context.wrap_socket(connection, server_hostname=NAME) as secure:
                if secure.selected_alpn_protocol() != "h2":
                    return f"{place} speaks TLS but not gRPC: it is no Spot; check --hostname and --port"
        except ssl.SSLCertVerificationError as error:
            return _untrusted(place, error, certificate)
        except TimeoutError as error:
            raise RobotError(
                f"{place} takes the connection and then says nothing for {limit_s:g} s: it is no Spot, or the robot "
                "hangs; check --port, or restart the robot"
            ) from error
        except OSError as error:  # ssl.SSLError is one
            said = getattr(error, "reason", None) or error.strerror or type(error).__name__
            raise RobotError(
                f"what listens at {place} does not speak TLS ({said}): it is no Spot's API; a Spot's port is 443, "
                "check --port"
            ) from error
    return None


def _context(roots: bytes, certificate: Path | None) -> ssl.SSLContext:
    """As strict about certificates as gRPC and no stricter. ConfigError for a file that has none in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_TRUSTED_FIRST
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    try:
        context.load_verify_locations(cadata=roots.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{certificate}: no certificate in PEM form; --certificate wants the file to trust"
        ) from error
    return context


def _untrusted(place: str, error: ssl.SSLCertVerificationError, certificate: Path | None) -> str:
    its = f"the certificate of {place}"
    if error.verify_code in (EXPIRED, NOT_YET_VALID):
        state = "has expired" if error.verify_code == EXPIRED else "is not valid yet"
        today = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"{its} {state} by this computer's clock, {today}; set this computer's clock, else renew the certificate"
    if error.verify_code == OTHER_NAME:
        return f"{its} is for another name than {NAME}: it is no Spot; check --hostname and --port"
    if certificate is None:
        return (
            f"{its} is not trusted ({error.verify_message}): it is not signed by Boston Dynamics. For a simulated Spot "
            "give --certificate FILE, the authority that `spot-grasp simulate` prints; else do not log in there"
        )
    return (
        f"{its} is not trusted ({error.verify_message}): the authority in {certificate} has not signed it. A simulated "
        "Spot makes a new one at each start: give --certificate the file that it prints now; for a robot leave it out"
    )
