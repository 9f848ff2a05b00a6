"""A provider on this machine, in a process of its own, that counts what it took by key; and a channel that posts to it.

``python -m tests.posting`` serves, and says its port first.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp
from aiohttp import web
from attrs import field, frozen

from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt, doc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Posting", "plugin", "serving"]

# Of so many first calls one is refused as the provider is busy, and one is taken but not answered.
ODD = 40


@frozen(kw_only=True)
class Posting(Channel):
    """Posts to the provider of the tests."""

    concurrent: ClassVar[int] = 64

    port: int = field(metadata=doc("where it is", example=8080))

    def client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def post(self, client: Any, message: Message) -> Receipt:  # noqa: ANN401 - as declared
        body = {"key": message.key, "text": message.text}
        try:
            async with client.post(f"http://127.0.0.1:{self.port}/send", json=body) as response:
                answer = await response.json()
        except aiohttp.ClientConnectorError:
            return Receipt(message.touch, "failed", "it is not there", again="broken")
        except aiohttp.ClientError as error:
            return Receipt(message.touch, "unknown", type(error).__name__)
        if response.status == 503:
            return Receipt(message.touch, "failed", "it is busy", again="later", wait=0.01)
        return Receipt(message.touch, "sent", provider_id=answer["id"])

    def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        known = asyncio.run(self._taken([message.key for message in messages]))
        return [Receipt(one.touch, "sent", provider_id=f"p{one.key}") for one in messages if one.key in known]

    async def _taken(self, keys: list[str]) -> set[str]:
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"http://127.0.0.1:{self.port}/taken", json=keys) as response,
        ):
            return set(await response.json())


def plugin() -> SimpleNamespace:
    """Return the plugin that brings ``posting``."""

    @hookimpl
    def siyu_register_channels() -> Mapping[str, type[Channel]]:
        return {"posting": Posting}

    return SimpleNamespace(siyu_register_channels=siyu_register_channels)


def application(*, odd: bool, slow: float) -> web.Application:
    """Return the provider; an odd one fails in all ways, and a slow one takes up to so many seconds."""
    counts: dict[str, int] = {}
    seen: set[str] = set()
    chance = random.Random(7)

    async def send(request: web.Request) -> web.StreamResponse:
        key = (await request.json())["key"]
        if slow:
            await asyncio.sleep(chance.random() * slow)
        first, luck = key not in seen, int(key) % ODD if odd else -1
        seen.add(key)
        if first and luck == 0:
            return web.json_response({}, status=503)
        counts[key] = counts.get(key, 0) + 1
        if luck == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": f"p{key}"})

    async def taken(request: web.Request) -> web.StreamResponse:
        return web.json_response([key for key in await request.json() if key in counts])

    async def told(_request: web.Request) -> web.StreamResponse:
        return web.json_response(counts)

    made = web.Application(client_max_size=2**26)
    made.add_routes([web.post("/send", send), web.post("/taken", taken), web.get("/counts", told)])
    return made


@contextmanager
def serving(*, odd: bool = False, slow: float = 0.0) -> Iterator[int]:
    """Run the provider in a process of its own and give its port."""
    command = [sys.executable, "-m", "tests.posting", "odd" if odd else "even", str(slow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def main(odd: str, slow: str) -> None:
    runner = web.AppRunner(application(odd=odd == "odd", slow=float(slow)), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - it is read by who started it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
