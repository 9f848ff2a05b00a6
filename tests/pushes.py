"""Signed requests, made as a sender makes them: apart from the code that checks them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from siyu.kinds import Request

if TYPE_CHECKING:
    from siyu.brand import Brand
    from siyu.kinds import Answer

__all__ = ["NOW", "SECRET", "hashed", "post", "signed"]

NOW = 1_796_000_000
SECRET = "tea-and-sympathy"  # noqa: S105 - it opens nothing


def signed(
    body: bytes,
    *,
    secret: str = SECRET,
    at: int = NOW,
    now: int = NOW,
    **more: Any,  # noqa: ANN401 - what a request has besides
) -> Request:
    """Return a POST that is signed as siyu's own entries ask for it."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-siyu-signature": digest, "x-siyu-timestamp": str(at)}
    return Request(**{"method": "POST", "headers": headers, "body": body, "now": now, **more})


def hashed(body: bytes, algorithm: str, encoding: str, secret: str = SECRET) -> str:
    """Return the HMAC of a body, as senders write it."""
    made = hmac.new(secret.encode(), body, algorithm)
    return made.hexdigest() if encoding == "hex" else base64.b64encode(made.digest()).decode()


def post(brand: Brand, entry: str, message: Any, **more: Any) -> Answer:  # noqa: ANN401 - any JSON
    """Post a message to an entry, signed."""
    return brand.receive(entry, signed(json.dumps(message, ensure_ascii=False).encode(), **more))
