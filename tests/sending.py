"""Messages to send, and channels that send them as the core does."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from siyu.kinds import Message

if TYPE_CHECKING:
    from siyu.kinds import Channel, Receipt

__all__ = ["closed_port", "message", "posted"]


def message(touch: int = 7, **more: Any) -> Message:  # noqa: ANN401 - what a message has
    """Return a message with some of what it has told otherwise."""
    told: dict[str, Any] = {
        "recipient": 5,
        "recipient_kind": "member",
        "sender": "",
        "address": "",
        "campaign": "welcome",
        "step": "hello",
        "content": "first-cup",
        "title": "第一杯",
        "text": "我们请。回复 TD 退订",
        "offer": "new-10",
        "purpose": "marketing",
    }
    return Message(touch=touch, **{**told, **more})


def posted(channel: Channel, *messages: Message) -> list[Receipt]:
    """Post messages all at once, by one client."""

    async def run() -> list[Receipt]:
        async with channel.client() as client:
            return await asyncio.gather(*(channel.post(client, one) for one in messages))

    return asyncio.run(run())


def closed_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
