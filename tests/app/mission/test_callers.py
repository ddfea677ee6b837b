"""Who may call the mission service: by address, and by certificate."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bosdyn.mission")

import grpc
from bosdyn.api.mission import remote_service_pb2_grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.mission.serve import ServeOptions
from app.mission.server import Callers, Tls, address_of
from perception.base.errors import ConfigError
from tests.app.mission.test_strangers import TICK, advanced, establish, served, tick


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.168.80.3:443", "192.168.80.3"),
        ("ipv6:[::1]:443", "::1"),
        ("ipv6:%5Bfe80::1%25eth0%5D:443", "fe80::1"),
        ("ipv6:[::ffff:10.0.0.7]:5", "10.0.0.7"),
        ("unix:/tmp/x", None),
        ("", None),
    ],
)
def test_addresses_as_grpc_names_them(peer: str, address: str | None) -> None:
    assert address_of(peer) == address
    assert not Callers(["10.9.9.9"]).admit(peer)
    assert address is None or Callers([address]).admit(peer)
    assert Callers(None).admit(peer)


@pytest.mark.slow
def test_a_caller_of_another_address_is_turned_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(tmp_path) as (_, service, _mission):
        assert service.callers == ["127.0.0.1"]
    options = ServeOptions()
    assert options.callers("10.1.2.3") == ["10.1.2.3"]
    assert ServeOptions(allow_from=("10.0.0.7",)).callers("127.0.0.1") == ["127.0.0.1", "10.0.0.7"]
    with pytest.raises(ConfigError, match="does not resolve"):
        options.callers("no such host.invalid")
    from app.mission.server import Server

    def add(server: Any) -> None:
        remote_service_pb2_grpc.add_RemoteMissionServiceServicer_to_server(object_with_callbacks(), server)

    server = Server(add, Callers(["10.1.2.3"]), None)
    port = server.start("127.0.0.1", 0)
    try:
        caller = remote_service_pb2_grpc.RemoteMissionServiceStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
        for _ in range(3):
            with pytest.raises(grpc.RpcError) as caught:
                establish(caller)
            assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    finally:
        server.stop()
    assert capsys.readouterr().err.count("refused a call from 127.0.0.1") == 1


def object_with_callbacks() -> Any:
    """A servicer that must not be reached."""
    return remote_service_pb2_grpc.RemoteMissionServiceServicer()


@pytest.mark.slow
def test_with_tls_only_a_caller_with_a_certificate_is_heard(tmp_path: Path) -> None:
    ca, make = authority()
    for name, data in zip(("key", "cert", "ca"), (*make(), ca), strict=True):
        (tmp_path / name).write_bytes(data)
    tls = Tls(tmp_path / "key", tmp_path / "cert", tmp_path / "ca")
    with served(tmp_path, tls=tls) as (_, service, mission):
        assert service.callers is None
        key, certificate = make()
        good = grpc.ssl_channel_credentials(ca, key, certificate)
        other_key, other_certificate = authority()[1]()
        bad = (
            None,
            grpc.ssl_channel_credentials(ca),
            grpc.ssl_channel_credentials(ca, other_key, other_certificate),
        )
        target = f"localhost:{service.port}"
        for credentials in bad:
            channel = grpc.insecure_channel(target) if credentials is None else grpc.secure_channel(target, credentials)
            with pytest.raises(grpc.RpcError) as caught:
                establish(remote_service_pb2_grpc.RemoteMissionServiceStub(channel))
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        caller = remote_service_pb2_grpc.RemoteMissionServiceStub(grpc.secure_channel(target, good))
        assert tick(caller, establish(caller).session_id, advanced(mission)).status == TICK.STATUS_RUNNING
    with pytest.raises(ConfigError, match=r"none: no such file"):
        Tls(tmp_path / "none", tmp_path / "cert", tmp_path / "ca").credentials()


def authority() -> tuple[bytes, Any]:
    """A certificate authority, PEM, and a function that makes a key and a certificate for localhost, PEM."""
    now, ca_key = datetime.datetime.now(datetime.UTC), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def builder(subject: str, key: Any) -> Any:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    def make() -> tuple[bytes, bytes]:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            builder("one", key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private, certificate.public_bytes(serialization.Encoding.PEM)

    root = builder("test authority", ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return root.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), make
