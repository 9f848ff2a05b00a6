"""Signed links: each opens the preferences of one member, and of nobody else, without a log-in."""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PLACE", "opened", "token"]

PLACE = "~"
"""The name under which the web application answers such links; no entry can have it."""

_NUMBER, _SIGNATURE = 8, 12


def token(keys: Sequence[str], member: int) -> str:
    """Return the text that stands for a member in a link: the number, and its signature by the brand's newest key."""
    return _written(member.to_bytes(_NUMBER, "big") + _signed(keys[-1], member))


def opened(keys: Sequence[str], text: str) -> int | None:
    """Return whose link a text is, by any of the brand's keys; None where it was not made here."""
    try:
        whole = b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    if len(whole) != _NUMBER + _SIGNATURE:
        return None
    member = int.from_bytes(whole[:_NUMBER], "big")
    right = any(hmac.compare_digest(whole[_NUMBER:], _signed(key, member)) for key in keys)
    return member if right else None


def _signed(key: str, member: int) -> bytes:
    return hmac.digest(key.encode(), f"siyu preferences: {member}".encode(), sha256)[:_SIGNATURE]


def _written(whole: bytes) -> str:
    return b32encode(whole).decode().rstrip("=").lower()
