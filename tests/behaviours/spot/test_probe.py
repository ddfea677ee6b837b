"""Whoever answers at the robot's address: each is told as what it is, with what to type, and soon."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bosdyn.client")
pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.tree_files import preflight
from behaviours.robots.spot.link import connection
from behaviours.robots.spot.link.connection import Connection, Target
from perception.base.errors import ConfigError, RobotError
from simulation.spot_api.body.state import State
from tests.support.spot_api import spot
from tests.support.spot_robot import adapter, target_of

Serve = Callable[[socket.socket], None]
NOW = datetime.datetime.now(datetime.UTC)


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """A port of this machine; whoever connects is served on a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                held.append(client)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for client in held:
            client.close()


def signed(folder: Path, name: str = "*.spot.robot", *, days: tuple[int, int] = (-1, 7)) -> tuple[Path, Path]:
    """A fresh authority, and chain with key of a server certificate that it has signed, valid between two days."""
    keys = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("authority", "server"))

    def build(whom: x509.Name, key: ec.EllipticCurvePrivateKey, first: int, last: int) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(whom).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        day = datetime.timedelta(days=1)
        return builder.not_valid_before(NOW + first * day).not_valid_after(NOW + last * day)

    ca = build(issuer, keys[0], -400, 400).add_extension(x509.BasicConstraints(True, None), critical=True)
    leaf = build(subject, keys[1], *days)
    leaf = leaf.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    pem = serialization.Encoding.PEM
    authority, server = folder / f"{time.monotonic_ns()}.pem", folder / "server.pem"
    authority.write_bytes(ca.sign(keys[0], hashes.SHA256()).public_bytes(pem))
    key = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server.write_bytes(leaf.sign(keys[0], hashes.SHA256()).public_bytes(pem) + key)
    return authority, server


def tls(server: Path, *protocols: str) -> Serve:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    if protocols:
        context.set_alpn_protocols(list(protocols))

    def serve(client: socket.socket) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as secure:
                secure.recv(1000)
                secure.sendall(b"HTTP/1.1 400 no\r\n\r\n")
        except OSError:
            return

    return serve


def says(text: bytes) -> Serve:
    def serve(client: socket.socket) -> None:
        client.sendall(text)
        client.close()

    return serve


def open_at(port: int, certificate: Path | None = None) -> None:
    Connection(Target("127.0.0.1", port, certificate, ("user", "a-password"))).open()


@pytest.mark.parametrize("text", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 100, b""])
def test_what_speaks_no_tls_is_no_spot(text: bytes) -> None:
    with listening(says(text)) as port, pytest.raises(RobotError, match=rf"port {port} does not speak TLS.*443"):
        open_at(port)


def test_a_silent_host_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 0.5)
    begun = time.monotonic()
    with listening(lambda client: None) as port, pytest.raises(RobotError, match=r"then says nothing for 0\.5 s"):
        open_at(port)
    assert time.monotonic() - begun < 10.0


def test_a_host_that_greets_and_is_silent_then_is_told_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 1.0)
    authority, server = signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    context.set_alpn_protocols(["h2"])

    def serve(client: socket.socket) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as secure:
                while secure.recv(1000):
                    pass
        except OSError:
            return

    begun = time.monotonic()
    with listening(serve) as port, pytest.raises(RobotError, match="does not answer while logging in"):
        open_at(port, authority)
    assert time.monotonic() - begun < 15.0


def test_a_refused_port_says_which_it_should_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RobotError, match=rf"port {port} refuses connections; a Spot's port is 443"):
        open_at(port)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "nothing answers at .* within 5 s; is the robot on"),
        (OSError(113, "No route to host"), r"nothing answers at .*\(No route to host\)"),
        (socket.gaierror(-2, "Name or service not known"), "does not resolve; check --hostname"),
    ],
)
def test_a_host_that_is_not_reached(error: OSError, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("behaviours.robots.spot.link.probe.socket.create_connection", fail)
    with pytest.raises(RobotError, match=words):
        open_at(443)


def test_a_certificate_of_the_vendor_is_expected_and_the_option_is_named(tmp_path: Path) -> None:
    with spot() as server:
        with pytest.raises(RobotError, match=r"is not trusted.*not signed by Boston Dynamics.*--certificate FILE"):
            open_at(server.port)
        other, _ = signed(tmp_path)
        with pytest.raises(RobotError, match=rf"the authority in {other} has not signed it.*--certificate"):
            open_at(server.port, other)


@pytest.mark.parametrize(
    ("name", "days", "protocols", "words"),
    [
        ("*.spot.robot", (-9, -2), ["h2"], "has expired by this computer's clock, 20.*; set this computer's clock"),
        ("*.spot.robot", (2, 9), ["h2"], "is not valid yet by this computer's clock"),
        ("www.example.org", (-1, 9), ["h2"], "is for another name than auth.spot.robot: it is no Spot"),
        ("*.spot.robot", (-1, 9), ["http/1.1"], "speaks TLS but not gRPC: it is no Spot"),
        ("*.spot.robot", (-1, 9), [], "speaks TLS but not gRPC: it is no Spot"),
    ],
)
def test_a_certificate_that_will_not_do(
    name: str, days: tuple[int, int], protocols: list[str], words: str, tmp_path: Path
) -> None:
    authority, server = signed(tmp_path, name, days=days)
    with listening(tls(server, *protocols)) as port, pytest.raises(RobotError, match=words):
        open_at(port, authority)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\n!!\n"])
def test_a_file_without_a_certificate_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "ca [1]*.pem"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca \[1\]\*\.pem"):
        open_at(443, file)


def test_a_file_with_signs_of_a_pattern_in_its_name_is_that_file(tmp_path: Path) -> None:
    with spot() as server:
        file = tmp_path / "ca [1]*.pem"
        file.write_bytes(server.ca_file.read_bytes())
        link = Connection(Target("127.0.0.1", server.port, file, (server.username, server.password)))
        link.open()
        link.close()


def test_check_needs_no_tree(capsys: pytest.CaptureFixture[str]) -> None:
    with Interrupts() as interrupts:
        assert main(["check", "--hostname", "sim"], interrupts) == 0
        assert "sim: ready" in capsys.readouterr().out
        assert main(["check"], interrupts) == 2
    assert "--hostname" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("lack", ["arm", "gripper", "joint"])
def test_a_robot_without_arm_or_gripper_is_refused_by_check_and_by_run_before_it_moves(
    lack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = State.get_robot_state

    def without(self: State, request: Any, response: Any, call: Any) -> None:
        whole(self, request, response, call)
        known = response.robot_state
        gone = {"arm": "arm0.", "gripper": "arm0.f1x", "joint": "arm0.wr0"}[lack]
        joints = [joint for joint in known.kinematic_state.joint_states if not joint.name.startswith(gone)]
        del known.kinematic_state.joint_states[:]
        known.kinematic_state.joint_states.extend(joints)
        if lack == "arm":
            known.ClearField("manipulator_state")

    monkeypatch.setattr(State, "get_robot_state", without)
    with spot() as server:
        rows = {row.what: row for row in preflight.preflight(target_of(server))}
        assert rows["arm"].verdict == "fail"
        assert "this program needs" in rows["arm"].words
        with pytest.raises(RobotError, match=rf"127.0.0.1 has .*{'wr0' if lack == 'joint' else lack}"):
            adapter(server).__enter__()
        assert server.log.of("AcquireLease") == server.log.of("PowerCommand") == server.log.of("RobotCommand") == []
