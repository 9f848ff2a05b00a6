"""Signatures of what is sent: an HMAC that shows the receiver whose it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from attrs import Attribute, field, frozen

from siyu.config.units import Secret
from siyu.kinds import doc

__all__ = ["Signing"]

_SIGNED = "{timestamp}.{body}"


@frozen(kw_only=True)
class Signing:
    """An HMAC in a header, of the body and of the moment at which it is sent: what the entry ``webhook`` asks for."""

    secret: Secret = field(metadata=doc("what the receiver knows too", example={"env": "CRM_SECRET"}))
    header: str = field(default="x-siyu-signature", metadata=doc("the header that has it"))
    algorithm: Literal["sha1", "sha256", "sha512"] = field(default="sha256", metadata=doc("the hash of the HMAC"))
    encoding: Literal["hex", "base64"] = field(default="hex", metadata=doc("how it is written"))
    prefix: str = field(default="", metadata=doc("what stands before it in the header", example="sha256="))
    timestamp: str = field(
        default="x-siyu-timestamp", metadata=doc("the header with the epoch second; empty where none is signed")
    )
    text: str = field(
        default="", metadata=doc(f"what is signed; '{_SIGNED}', or the body alone where no moment is signed")
    )

    @text.validator
    def _check_text(self, _: Attribute[str], value: str) -> None:
        if value and (value.count("{body}") != 1 or ("{timestamp}" in value) != bool(self.timestamp)):
            raise ValueError(
                "expected {body} once, and {timestamp} where 'timestamp' names its header, as in "
                f"'{_SIGNED if self.timestamp else '{body}'}'"
            )

    def headers(self, body: bytes, folder: Path, clock: Callable[[], float] = time.time) -> dict[str, str]:
        """Return the headers that sign a body.

        Args:
            body: The body.
            folder: The brand's folder, that a secret's file starts from.
            clock: Gives the moment: a receiver refuses what was signed long ago, so it is that of the sending.

        Raises:
            UserError: The secret is not there.
        """
        moment = str(int(clock())) if self.timestamp else ""
        before, _, after = (self.text or (_SIGNED if self.timestamp else "{body}")).partition("{body}")
        signed = b"".join(
            (before.replace("{timestamp}", moment).encode(), body, after.replace("{timestamp}", moment).encode())
        )
        digest = hmac.digest(self.secret.reveal(folder).encode(), signed, getattr(hashlib, self.algorithm))
        made = digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        return {self.header: self.prefix + made, **({self.timestamp: moment} if self.timestamp else {})}
