"""Signed links: each opens the preferences of one member, and of nobody else, without a log-in."""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from attrs import frozen

__all__ = ["PLACE", "UNSUBSCRIBE", "Pages", "opened", "token"]

PLACE = "~"
"""The name under which the web application answers such links; no entry can have it."""

UNSUBSCRIBE = "{unsubscribe}"
"""What stands in the words of content for the address of the recipient's own page."""

_NUMBER, _SIGNATURE = 8, 12


@frozen
class Pages:
    """The addresses of members' own pages.

    Attributes:
        url: Where the web application answers; empty where nobody said.
        keys: The brand's keys, the newest last.
    """

    url: str
    keys: Sequence[str]

    def path(self, member: int) -> str:
        """Return the path of a member's page, below the web application."""
        return f"/{PLACE}/{token(self.keys, member)}"

    def address(self, member: int, channel: str = "") -> str:
        """Return the address of a member's page, whose one click is about a channel; empty where there is no url."""
        if not self.url:
            return ""
        about = f"?channel={quote(channel, safe='')}" if channel else ""
        return f"{self.url.rstrip('/')}{self.path(member)}{about}"


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
