"""Posting: batches of messages on an event loop, which need not be the program's own."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define, field

from siyu.delivery.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from siyu.delivery.answers import Answers
    from siyu.delivery.looking import Row
    from siyu.kinds import Channel, Message

__all__ = ["Poster"]

T = TypeVar("T")


@define
class Poster:
    """Posts messages by one channel, on an event loop of its own and with one client, for as long as it is entered.

    Attributes:
        channel: The channel.
        halted: Whether no further message may be begun.
        late: Whether the time of a touch is over.
        message: Gives a touch its words.
    """

    channel: Channel
    halted: Callable[[], bool]
    late: Callable[[Row], bool]
    message: Callable[[Row], Message]
    _stack: AsyncExitStack = field(factory=AsyncExitStack)
    _client: Any = None
    _runner: asyncio.Runner = field(init=False)
    _thread: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Open the channel's client."""
        if _looping():
            # One thread has one loop: where the program's own runs already, this one needs another thread.
            self._thread = ThreadPoolExecutor(1, f"siyu {self.channel.name}")
        self._runner = asyncio.Runner()
        self._client = self._run(self._opened())
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the client and the loop."""
        try:
            self._run(self._stack.aclose())
        finally:
            self._elsewhere(self._runner.close)
            if self._thread is not None:
                self._thread.shutdown()

    def post(self, rows: Sequence[Row]) -> tuple[Answers, list[Exception]]:
        """Post touches; return the answers, those that were not begun left out, and what was raised."""
        batch = Batch(self.channel, self._client, self.halted, self.late, self.message, deque(rows))
        self._run(batch.post())
        return batch.answers, batch.raised

    async def _opened(self) -> Any:  # noqa: ANN401 - whatever the channel opens
        return await self._stack.enter_async_context(self.channel.client())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._elsewhere(lambda: self._runner.run(work))

    def _elsewhere(self, work: Callable[[], T]) -> T:
        return work() if self._thread is None else self._thread.submit(work).result()


def _looping() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
