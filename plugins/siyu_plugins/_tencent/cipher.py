"""The encryption of callbacks: AES-256 in CBC mode, with PKCS#7 up to a multiple of 32 bytes.

What is encrypted: 16 random bytes, the message's length (4 bytes, the greatest first), the message, and whom it is for.
Source: developer.work.weixin.qq.com/document/path/91144
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

__all__ = ["AesKey", "Unreadable"]

_LETTERS = 43
_BLOCK = 32
_SALT = 16
_HEAD = _SALT + 4


class Unreadable(Exception):  # noqa: N818 - every fault is this one, so that none tells more than the others
    """A text that this key did not encrypt."""


@frozen
class AesKey:
    """A key as the platform's console shows it: the EncodingAESKey, 43 letters and digits.

    Attributes:
        raw: Its 32 bytes.
    """

    raw: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> AesKey:
        """Read an EncodingAESKey.

        Raises:
            ValueError: It is none. The words do not repeat it.
        """
        try:
            if len(text) == _LETTERS:
                return cls(base64.b64decode(f"{text}=", validate=True))
        except ValueError:
            pass
        raise ValueError(f"expected the EncodingAESKey of the console, {_LETTERS} letters and digits")

    def encrypt(self, message: bytes, receiver: str) -> str:
        """Return a message for a receiver, encrypted, in base64.

        The 16 bytes before it, which the platform wants random, are a keyed hash of it: nobody without the key can
        tell them from random ones, and a reply is the same whenever it is made.
        """
        salt = hmac.digest(self.raw, message, hashlib.sha256)[:_SALT]
        plain = salt + len(message).to_bytes(4, "big") + message + receiver.encode()
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        encrypted = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(encrypted).decode("ascii")

    def decrypt(self, text: str) -> tuple[bytes, bytes]:
        """Return the message that a text holds, and whom it is for.

        Raises:
            Unreadable: The text is not what this key encrypts, whatever is wrong with it.
        """
        plain = _unpadded(self._decrypted(text))
        end = _HEAD + int.from_bytes(plain[_SALT:_HEAD], "big")
        if len(plain) < _HEAD or end > len(plain):
            raise Unreadable
        return plain[_HEAD:end], plain[end:]

    def _decrypted(self, text: str) -> bytes:
        try:
            encrypted = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable from None
        if not encrypted or len(encrypted) % _BLOCK:
            raise Unreadable
        decryptor = self._cipher().decryptor()
        return decryptor.update(encrypted) + decryptor.finalize()

    def _cipher(self) -> Cipher[CBC]:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import CBC

        return Cipher(AES(self.raw), CBC(self.raw[:16]))


def _unpadded(plain: bytes) -> bytes:
    padding = plain[-1]
    good = 1 <= padding <= _BLOCK
    padding = padding if good else _BLOCK
    # Compared before it is judged, so that every fault takes the same time.
    same = hmac.compare_digest(plain[-padding:], plain[-1:] * padding)
    if not (good and same):
        raise Unreadable
    return plain[:-padding]
