"""The signature of a callback: SHA-1 over the sorted parts, with a token that only the two sides know.

Source: developer.work.weixin.qq.com/document/path/91144, and for official accounts
developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["signature", "signed"]


def signature(*parts: str) -> str:
    """Return the signature of a token and what it signs: the parts sorted, joined, and hashed, in hexadecimal."""
    joined = b"".join(sorted(map(_bytes, parts)))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()  # the platform's choice


def signed(given: str, tokens: Iterable[str], *parts: str) -> bool:
    """Tell whether a signature is that of one of the tokens, in a time that does not tell which, or how far it fits."""
    offered = _bytes(given)
    # All are compared, also after one that fits.
    return sum(hmac.compare_digest(offered, signature(token, *parts).encode()) for token in tokens) > 0


def _bytes(text: str) -> bytes:
    # What a framework could not decode may stand there as half of a surrogate pair.
    return text.encode("utf-8", "surrogatepass")
