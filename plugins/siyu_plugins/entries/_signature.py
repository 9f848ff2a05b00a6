"""Signatures of pushed messages: an HMAC that only who knows the secret can have made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, Literal

from attrs import Attribute, field, frozen

from siyu.config.units import Duration, Secret
from siyu.kinds import doc

if TYPE_CHECKING:
    from siyu.kinds import Intake, Request

__all__ = ["Signature"]

_MOMENT = re.compile(r"\d{1,11}|\d{13}", re.ASCII)
_MILLISECONDS = 13
_SIGNED = "{timestamp}.{body}"


@frozen(kw_only=True)
class Signature:
    """An HMAC in a header, of the body and mostly of the moment at which it was sent.

    By default it is what siyu's own entries ask for: hexadecimal HMAC-SHA256 of ``TIMESTAMP.BODY`` in
    ``x-siyu-signature``, with the epoch seconds in ``x-siyu-timestamp``.
    """

    secrets: tuple[Secret, ...] = field(
        metadata=doc(
            "the secrets that it may be made with; two while one takes the other's place",
            example=[{"env": "WEBHOOK_SECRET"}],
        )
    )
    header: str = field(default="x-siyu-signature", metadata=doc("the header that has it"))
    algorithm: Literal["sha1", "sha256", "sha512"] = field(default="sha256", metadata=doc("the hash of the HMAC"))
    encoding: Literal["hex", "base64"] = field(default="hex", metadata=doc("how it is written"))
    prefix: str = field(default="", metadata=doc("what stands before it in the header", example="sha256="))
    timestamp: str = field(
        default="x-siyu-timestamp",
        metadata=doc("the header with the moment, in epoch seconds or milliseconds; empty where none is signed"),
    )
    tolerance: Duration = field(
        default=Duration(300), metadata=doc("how far that moment may be from now", example="5m")
    )
    text: str = field(
        default="", metadata=doc(f"what is signed; '{_SIGNED}', or the body alone where no moment is signed")
    )

    @secrets.validator
    def _check_secrets(self, _: Attribute[Any], value: tuple[Secret, ...]) -> None:
        if not value:
            raise ValueError('expected at least one secret, as in [{ env = "WEBHOOK_SECRET" }]')

    @header.validator
    def _check_header(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            raise ValueError("expected the name of the header that has the signature")

    @text.validator
    def _check_text(self, _: Attribute[str], value: str) -> None:
        if value and (value.count("{body}") != 1 or ("{timestamp}" in value) != bool(self.timestamp)):
            raise ValueError(
                "expected {body} once, and {timestamp} where 'timestamp' names its header, as in "
                f"'{_SIGNED if self.timestamp else '{body}'}'"
            )

    def holds(self, request: Request, intake: Intake) -> bool:
        """Return whether a request is signed with one of the secrets, and not too long ago.

        Raises:
            UserError: A secret is not there.
        """
        secrets = [secret.reveal(intake.folder).encode() for secret in self.secrets]
        given, signed = request.headers.get(self.header.lower(), ""), self._signed(request)
        if signed is None or not given.startswith(self.prefix):
            return False
        digest = given.removeprefix(self.prefix)
        offered = (digest.lower() if self.encoding == "hex" else digest).encode()
        return any(hmac.compare_digest(self._made(secret, signed), offered) for secret in secrets)

    def _signed(self, request: Request) -> bytes | None:
        """Return what the signature is of; None where its moment is missing, or too far from now."""
        moment = request.headers.get(self.timestamp.lower(), "") if self.timestamp else ""
        if self.timestamp and not self._recent(moment, request.now):
            return None
        before, _, after = (self.text or (_SIGNED if self.timestamp else "{body}")).partition("{body}")
        return (
            before.replace("{timestamp}", moment).encode()
            + request.body
            + after.replace("{timestamp}", moment).encode()
        )

    def _recent(self, moment: str, now: int) -> bool:
        if not _MOMENT.fullmatch(moment):
            return False
        second = int(moment) // 1_000 if len(moment) == _MILLISECONDS else int(moment)
        return abs(now - second) <= self.tolerance.seconds

    def _made(self, secret: bytes, signed: bytes) -> bytes:
        digest = hmac.digest(secret, signed, getattr(hashlib, self.algorithm))
        return digest.hex().encode() if self.encoding == "hex" else base64.b64encode(digest)
