"""The messages of one batch: many are on their way at once, and each is answered, or left in doubt."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from attrs import define, field

from siyu.delivery.answers import Answers
from siyu.kinds import Receipt

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from siyu.delivery.looking import Row
    from siyu.kinds import Channel, Message

__all__ = ["PATIENCE", "Batch"]

PATIENCE = 120.0
"""After how many seconds a message that the channel does not answer is left in doubt."""

_TICK = 0.5
_WALLS = {"broken", "limited"}


@define
class Batch:
    """One batch of messages on their way.

    Attributes:
        channel: The channel that posts them.
        client: What it opened.
        halted: Whether no further message may be begun.
        late: Whether the time of a touch is over.
        message: Gives a touch its words, which it has for no longer than it is on its way.
        todo: The touches, as rows, that were not begun yet.
        answers: The answers.
        raised: What the channel raised.
    """

    channel: Channel
    client: Any
    halted: Callable[[], bool]
    late: Callable[[Row], bool]
    message: Callable[[Row], Message]
    todo: deque[Row]
    answers: Answers = field(factory=Answers)
    raised: list[Exception] = field(factory=list)
    _walled: bool = False
    _tasks: list[asyncio.Task[None]] = field(factory=list)
    _begun: dict[int, float] = field(factory=dict)
    _overdue: set[int] = field(factory=set)

    async def post(self) -> None:
        """Post the messages until there are no more, or no further one may be begun."""
        workers = min(self.channel.concurrent, len(self.todo))
        self._tasks = [asyncio.create_task(self._work(number)) for number in range(workers)]
        watch = asyncio.create_task(self._watch())
        try:
            await asyncio.gather(*self._tasks)
        finally:
            watch.cancel()

    async def _work(self, number: int) -> None:
        while self.todo and not self.halted() and not self._walled:
            row = self.todo.popleft()
            touch = row["id"]
            if self.late(row):
                self.answers.add(touch, Receipt(touch, "expired", "its time was over before its turn came"))
                continue
            message = self.message(row)
            self._begun[number] = monotonic()
            try:
                receipt = await self.channel.post(self.client, message)
                # There is no use in going on against a wall.
                self._walled |= receipt.again in _WALLS
                self.answers.add(touch, receipt)
            except asyncio.CancelledError:
                if not self._resumed(number):
                    raise
                self._doubt(touch, TimeoutError(f"there was no answer in {PATIENCE:g} seconds"))
            except Exception as error:  # noqa: BLE001 - whatever a channel raises, the others' answers must be kept
                self._doubt(touch, error)

    async def _watch(self) -> None:
        """Interrupt what is not answered: one clock for all, as one for each message takes a twentieth of its time."""
        while True:
            await asyncio.sleep(_TICK)
            for number, begun in self._begun.items():
                if begun + PATIENCE <= monotonic() and not self._tasks[number].done():
                    self._overdue.add(number)
                    self._tasks[number].cancel()

    def _resumed(self, number: int) -> bool:
        """Let a worker go on if it was the watch that interrupted it."""
        if number not in self._overdue:
            return False
        self._overdue.discard(number)
        self._tasks[number].uncancel()
        return True

    def _doubt(self, touch: int, error: Exception) -> None:
        self.raised.append(error)
        self.answers.add(touch, Receipt(touch, "unknown", f"{type(error).__name__}: {error}"))
        self._walled = True
