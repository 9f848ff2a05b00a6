"""The touches of one channel that wait to be sent, in their order."""

from __future__ import annotations

import heapq
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from attrs import define, field

from siyu.delivery.pace import TRIES, Pace, Pauses, backed_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.delivery.answers import Verdict
    from siyu.kinds import Channel, Receipt

__all__ = ["Line", "retried"]

# A batch that is posted takes about so many seconds, as what has its turn next waits for it: at first few go.
_TURN, _FIRST = 4.0, 250
# So many times as large may the next batch be.
_GROWTH = 8


def retried(receipt: Receipt) -> bool:
    """Return whether a message was surely not taken, and may be tried again."""
    return receipt.state == "failed" and receipt.again is not None


@define
class Line:
    """What waits for one channel: touches in their order, and those that are tried again later.

    Attributes:
        channel: The channel.
        pace: How fast it may go.
        pauses: When it is left alone.
        waiting: The touches that may go at once.
        done: How many left it for good.
    """

    channel: Channel
    pace: Pace
    pauses: Pauses = field(factory=Pauses)
    waiting: deque[int] = field(factory=deque)
    done: int = 0
    _size: int = _FIRST
    _later: list[tuple[float, int]] = field(factory=list)
    _tries: dict[int, int] = field(factory=dict)

    def refill(self, touches: Sequence[int]) -> None:
        """Take over what is queued in the store, in its order."""
        later = {touch for _, touch in self._later}
        self.waiting = deque(touch for touch in touches if touch not in later)

    def __len__(self) -> int:
        """Return how many touches are known to wait."""
        return len(self.waiting) + len(self._later)

    def wait(self) -> float:
        """Return for how many seconds nothing of it can be sent."""
        paused = max(self.pauses.until - monotonic(), self.pace.wait(), 0.0)
        return paused if self.waiting else max(paused, self._later[0][0] - monotonic())

    def take(self) -> list[int]:
        """Take out the next touches: as many as a batch, the rate, and a channel that was down allow."""
        room, most = self.pace.room(), 1 if self.pauses.probing else self.batch
        most = most if room is None else min(most, room)
        taken: list[int] = []
        while len(taken) < most and self._later and self._later[0][0] <= monotonic():
            taken.append(heapq.heappop(self._later)[1])
        while len(taken) < most and self.waiting:
            taken.append(self.waiting.popleft())
        return taken

    @property
    def batch(self) -> int:
        """How many touches go at a time; a message to many is one only where all of them go together."""
        return min(self.channel.batch, self._size) if self.channel.posts else self.channel.batch

    def took(self, seconds: float, number: int) -> None:
        """Take note of how long a batch took of which so many were answered."""
        if number >= self._size or seconds > _TURN:
            fitting = int(number * _TURN / max(seconds, 0.001))
            self._size = max(self.channel.concurrent, min(fitting, _GROWTH * self._size, self.channel.batch))

    def settled(self, touch: int) -> None:
        """Note that a touch came into a state in which it stays."""
        self._tries.pop(touch, None)
        self.done += 1

    def ended(self, verdicts: Sequence[Verdict]) -> None:
        """Take note of answers that are final."""
        if any(verdict[1] != "unknown" for verdict in verdicts):
            self.pauses.end()
        for touch, *_ in verdicts if self._tries else ():
            self._tries.pop(touch, None)
        self.done += len(verdicts)

    def answered(self, receipt: Receipt) -> bool:
        """Take note of an answer; return whether the message is tried again."""
        if not retried(receipt):
            if receipt.state != "unknown":
                self.pauses.end()
            self.settled(receipt.touch)
            return False
        if receipt.again in {"broken", "limited"}:
            # All that were under way meet the same wall: that is one pause.
            if self.pauses.until <= monotonic():
                self.pauses.begin(receipt.reason, receipt.wait)
            self.waiting.appendleft(receipt.touch)
            return True
        return self._again(receipt)

    def _again(self, receipt: Receipt) -> bool:
        tries = self._tries[receipt.touch] = self._tries.get(receipt.touch, 0) + 1
        if tries >= TRIES:
            self.settled(receipt.touch)
            return False
        wait = backed_off(tries) if receipt.wait is None else receipt.wait
        heapq.heappush(self._later, (monotonic() + wait, receipt.touch))
        return True

    def returned(self, touches: Sequence[int]) -> None:
        """Put back what was taken out and not sent, in its order."""
        self.waiting.extendleft(reversed(touches))
