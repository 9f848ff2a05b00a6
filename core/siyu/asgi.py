"""A brand's entries as a web application: plain ASGI 3, for any server and inside any framework, on asyncio.

```python
application = siyu.asgi.application(siyu.open("configs/tea-shop"))
```

Each entry answers at ``/NAME``, and the page on which a member says what they want at ``brand.preference_path(...)``.
Behind another path, mount it there: what the server calls ``root_path`` is taken off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from attrs import define, field

from siyu.brand import Brand
from siyu.errors import UserError
from siyu.following import Follower
from siyu.kinds import Answer, Entry, Request
from siyu.rights.links import PLACE

__all__ = ["Application", "application"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_LOGGER = logging.getLogger("siyu")
# A whole number of more digits is above every limit, and of thousands of digits none that Python would read.
_DIGITS = 18
_REFUSED = 400
# How large the form of a member's page may be.
_FORM = 4096


def application(
    brand: Brand,
    *,
    timeout: float = 10.0,
    threads: int = 64,
    ticks: bool = False,
    clock: Callable[[], float] = time.time,
) -> Application:
    """Return the application of an open brand, which it does not close.

    Args:
        brand: The brand.
        timeout: How long the body of a request may take to come in, in seconds; a slower one is answered 408.
        threads: How many requests are taken at once, in threads of the application's own; the others wait.
        ticks: Whether what an entry takes is followed by a tick and a delivery, as a welcome needs that has 20 seconds.
            When the server shuts the application down, the brand ends its delivery and begins no other.
        clock: Gives the moment of a request, in epoch seconds.

    Returns:
        An ASGI 3 application.
    """
    follower = Follower(brand) if ticks else None
    return Application(brand, timeout, clock, ThreadPoolExecutor(threads, thread_name_prefix="siyu"), follower)


class _Gone(Exception):  # noqa: N818 - nothing is wrong: the caller hung up
    """The caller is gone, so that there is nobody to answer."""


@define(eq=False)
class Application:
    """An ASGI 3 application; use ``application``."""

    _brand: Brand
    _timeout: float
    _clock: Callable[[], float]
    _threads: ThreadPoolExecutor
    _follower: Follower | None = None
    _limits: dict[str, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Look up how much each entry takes."""
        self._limits = {entry.name: entry.limit for entry in self._brand.programme.of(Entry)} | {PLACE: _FORM}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection of a server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                answer = await self._answered(scope, receive)
            except _Gone:
                return
            await _sent(answer, send, bare=scope["method"] == "HEAD")
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self._close)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    def _close(self) -> None:
        self._threads.shutdown()
        if self._follower is not None:
            self._follower.close()

    async def _answered(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        name, _, rest = _path(scope).removeprefix("/").partition("/")
        if name not in self._limits:
            return Answer(status=404)
        try:
            body = await asyncio.wait_for(_body(scope, receive, self._limits[name]), self._timeout)
        except TimeoutError:
            return _closing(408, scope)
        if body is None:
            return _closing(413, scope)
        request = _request(scope, f"/{rest}", body, int(self._clock()))
        if request is None:
            return Answer(status=400)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._taken, name, request)

    def _taken(self, entry: str, request: Request) -> Answer:
        try:
            if entry == PLACE:
                return self._brand.preferences(request)
            answer = self._brand.receive(entry, request)
        except UserError:
            # What is amiss here is nothing that the caller could mend, or should read.
            _LOGGER.exception("entry %s cannot take requests", entry)
            return Answer(status=503)
        if self._follower is not None and request.method != "GET" and answer.status < _REFUSED:
            self._follower.heard()
        return answer


def _path(scope: Mapping[str, Any]) -> str:
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


async def _body(scope: Mapping[str, Any], receive: Receive, limit: int) -> bytes | None:
    """Return a request's body; None where it is larger than the limit, of which no more is read than shows it."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    if length.isdigit() and (len(length) > _DIGITS or int(length) > limit):
        return None
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _closing(status: int, scope: Mapping[str, Any]) -> Answer:
    """Return a refusal of a body that is not read to its end, so that the connection is of no further use."""
    headers = {"connection": "close"} if scope.get("http_version", "1.1").startswith("1") else {}
    return Answer(status=status, headers=headers)


def _request(scope: Mapping[str, Any], path: str, body: bytes, now: int) -> Request | None:
    """Return the request as entries read it; None where its query cannot be read."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    try:
        query = dict(parse_qsl(scope.get("query_string", b"").decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError:
        return None
    return Request(method=scope["method"].upper(), path=path, query=query, headers=headers, body=body, now=now)


async def _sent(answer: Answer, send: Send, *, bare: bool) -> None:
    given = {**answer.headers, "content-length": str(len(answer.body))}
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bare else answer.body})
