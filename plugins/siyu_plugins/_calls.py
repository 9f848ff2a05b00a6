"""What a call to a platform is, and what an answer to it means: nothing here speaks to anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from attrs import frozen

from siyu_plugins._platform import Fate, Platform, PlatformError

__all__ = ["Again", "Answer", "Call", "Reply", "judged", "parsed"]

Answer = dict[str, Any]

_SHOWN = 200
_DONE, _TOO_MANY, _BROKEN, _NOT_NOW = 200, 429, 500, 503


class Again(Exception):  # noqa: N818 - it is no error before it was tried often enough
    """A call that may be repeated, after so many seconds; None for the usual ones."""

    def __init__(self, error: PlatformError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


@frozen
class Call:
    """One call.

    Attributes:
        method: How it is made.
        path: The path, from the platform's base.
        query: What stands in the address besides.
        body: An object to post.
        repeat: Whether it does no harm to make it again where nobody knows what became of it.
        signed: Whether it is made with the token.
    """

    method: Literal["GET", "POST"]
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    repeat: bool = True
    signed: bool = True


@frozen
class Reply:
    """What was answered, whatever it says.

    Attributes:
        status: The HTTP status.
        content: The body.
        wait: After how many seconds one may call again, where the answer says it.
    """

    status: int
    content: bytes
    wait: float | None = None


def judged(platform: Platform, call: Call, reply: Reply) -> Answer:
    """Return what a platform answered where it did what was asked.

    Raises:
        PlatformError: It refuses, or nobody knows what it did.
        Again: The same, and the call may be made again.
    """
    what = f"{platform.name}: {call.path}"
    if reply.status == _TOO_MANY:
        wait = platform.block if reply.wait is None else reply.wait
        raise Again(PlatformError(f"{what}: called too often", None, "limited", wait), wait)
    if reply.status != _DONE:
        error = PlatformError(f"{what}: HTTP status {reply.status}", None, _fate(reply.status, call), reply.wait)
        raise Again(error) if reply.status >= _BROKEN and call.repeat else error
    answer = parsed(reply.content)
    if answer is None:
        error = PlatformError(f"{what}: the answer is no JSON object", None, "later" if call.repeat else "unknown")
        raise Again(error) if call.repeat else error
    return _allowed(platform, what, answer)


def _allowed(platform: Platform, what: str, answer: Answer) -> Answer:
    """Return an answer that is no refusal: success is a code of 0, or none, and never the HTTP status alone."""
    code = answer.get("errcode", 0)
    if code == 0:
        return answer
    said = str(answer.get("errmsg", ""))[:_SHOWN]
    hint = f"; {platform.hints[code]}" if code in platform.hints else ""
    number = code if isinstance(code, int) else None
    fate: Fate = "broken" if code in platform.broken | platform.stale else "final"
    error = PlatformError(f"{what}: refused with {code}: {said}{hint}", number, fate)
    if code in platform.blocked:
        error.fate, error.wait = "limited", platform.block
        raise Again(error, platform.block)
    if code in platform.busy:
        error.fate = "later"
        raise Again(error)
    raise error


def _fate(status: int, call: Call) -> Fate:
    """Return what a status means: behind a gateway, most of those from 500 on leave open whether it was done."""
    if status == _NOT_NOW or (status >= _BROKEN and call.repeat):
        return "later"
    return "unknown" if status >= _BROKEN else "final"


def parsed(content: bytes) -> Answer | None:
    """Return the object that an answer holds; None where it is none."""
    try:
        answer = json.loads(content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
