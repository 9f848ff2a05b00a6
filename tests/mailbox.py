"""A real SMTP server on this machine that keeps what it is sent, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.sending import closed_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Mailbox", "mailbox", "trusted"]


@define
class Mailbox:
    """The server: where it is, and what came in.

    Attributes:
        port: Its port.
        mails: The mails: recipient, content.
        refusing: What a recipient is answered, by address, when named.
        after: What the words are answered with, by recipient; ``drop`` hangs up after they were read.
    """

    port: int = 0
    mails: list[tuple[str, bytes]] = field(factory=list)
    refusing: dict[str, str] = field(factory=dict)
    after: dict[str, str] = field(factory=dict)
    connections: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's
        if address in self.refusing:
            return self.refusing[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's
        (recipient,) = envelope.rcpt_tos
        answer = self.after.get(recipient, "250 OK")
        if not answer.startswith(("4", "5")):
            self.mails.append((recipient, envelope.original_content))
        if answer == "drop":
            server.transport.abort()
            await asyncio.sleep(0)
        return answer


def trusted(folder: Path) -> ssl.SSLContext:
    """Make a certificate of this machine, ``authority.pem`` in the folder, and return what a server takes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "authority.pem", folder / "server.key")
    return context


@contextmanager
def mailbox(
    tls: ssl.SSLContext | None = None, *, wrapped: bool = False, login: tuple[str, str] | None = None
) -> Iterator[Mailbox]:
    """Serve for as long as the block lasts; with ``login`` only to whoever knows it."""
    known = Mailbox()

    def authenticated(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
        return AuthResult(success=login == (data.login.decode(), data.password.decode()))

    class Counted(Controller):
        def factory(self) -> SMTP:
            known.connections += 1
            made: SMTP = super().factory()  # type: ignore[no-untyped-call]  # aiosmtpd has no types
            return made

    controller = Counted(
        known,
        hostname="127.0.0.1",
        port=closed_port(),
        ssl_context=tls if wrapped else None,
        tls_context=None if wrapped else tls,
        require_starttls=tls is not None and not wrapped,
        authenticator=authenticated if login else None,
        auth_required=login is not None,
    )
    # It rings at its own door to see whether it is open, which is no connection that counts.
    controller.start()
    known.port = controller.port
    known.connections = 0
    try:
        yield known
    finally:
        controller.stop()
