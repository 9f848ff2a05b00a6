"""A callback as it travels: its message encrypted and signed, and replies likewise."""

from __future__ import annotations

import hmac
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING

from attrs import field, frozen

from siyu_plugins._tencent.cipher import AesKey, Unreadable
from siyu_plugins._tencent.refusal import Refusal
from siyu_plugins._tencent.signatures import signature, signed
from siyu_plugins._tencent.xml import Malformed, Xml, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.kinds import Request

__all__ = ["Lock", "document"]

_FORGED = "the signature is not that of this request"
_DIGITS = 12


@frozen(kw_only=True)
class Lock:
    """What tells the platform's callbacks from others.

    While a token or a key is exchanged, the old one stays beside the new one: any of them opens.

    Attributes:
        tokens: The tokens, as the console has them.
        keys: The keys.
        receiver: Whom encrypted messages must be for: a corp's or an app's id.
        tolerance: How many seconds the moment of a callback may differ from now.
    """

    tokens: tuple[str, ...] = field(repr=False)
    keys: tuple[AesKey, ...] = field(default=(), repr=False)
    receiver: str
    tolerance: int

    def fresh(self, request: Request) -> str:
        """Return the moment that a request says it was made, as it is written there.

        Raises:
            Refusal: It says none, or one too far from now.
        """
        written = request.query.get("timestamp", "")
        if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
            raise Refusal(401, "the request has no timestamp")
        if abs(request.now - int(written)) > self.tolerance:
            raise Refusal(401, "the request is stale")
        return written

    def signs(self, request: Request, name: str, *parts: str) -> None:
        """Ask for the signature of a request, its moment included.

        Args:
            request: The request.
            name: The parameter that has the signature.
            parts: What it signs beside the token, the timestamp and the nonce.

        Raises:
            Refusal: It is stale, or the signature is another.
        """
        said = (self.fresh(request), request.query.get("nonce", ""), *parts)
        if not signed(request.query.get(name, ""), self.tokens, *said):
            raise Refusal(401, _FORGED)

    def opened(self, request: Request, encrypted: str) -> bytes:
        """Return the message of an encrypted text that a request brings and signs.

        Raises:
            Refusal: The request is forged or stale, or the message is for somebody else.
        """
        self.signs(request, "msg_signature", encrypted)
        readable = list(self._decrypted(encrypted))
        if not readable:
            raise Refusal(401, _FORGED)
        ours = [message for message, receiver in readable if hmac.compare_digest(receiver, self.receiver.encode())]
        if not ours:
            raise Refusal(403, "the message is for another receiver")
        return ours[0]

    def sealed(self, message: bytes, timestamp: int, nonce: str) -> bytes:
        """Return a reply, encrypted by the first key and signed by the first token, as the XML that the platform takes.

        Source: developer.work.weixin.qq.com/document/path/91144
        """
        encrypted = self.keys[0].encrypt(message, self.receiver)
        sign = signature(self.tokens[0], str(timestamp), nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{sign}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{escape(nonce, quote=False)}</Nonce></xml>"
        ).encode()

    def _decrypted(self, encrypted: str) -> Iterator[tuple[bytes, bytes]]:
        """Yield what the keys make of a text: a wrong one may happen to make something of it too."""
        for key in self.keys:
            with suppress(Unreadable):
                yield key.decrypt(encrypted)


def document(body: bytes) -> Xml:
    """Return what XML says.

    Raises:
        Refusal: It is none, or not of the sort that is safe to read.
    """
    try:
        return parsed(body)
    except Malformed as error:
        raise Refusal(400, str(error)) from None
