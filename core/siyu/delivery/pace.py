"""How fast a channel may go: its rate, and the pauses that it needs when its provider refuses or is down."""

from __future__ import annotations

from collections import deque
from secrets import SystemRandom
from time import monotonic
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siyu.config.rates import Rate

__all__ = ["TRIES", "Pace", "Pauses", "backed_off"]

TRIES = 5
"""How often a message is tried in one delivery, and how often a channel that does not answer is."""

_FIRST, _LONGEST = 0.5, 60.0
# When something is tried again decides nothing else.
_CHANCE = SystemRandom()


def backed_off(tries: int) -> float:
    """Return for how many seconds to wait after so many tries: doubled each time, the half of it by chance."""
    whole: float = min(_LONGEST, _FIRST * 2 ** (tries - 1))
    return whole / 2 + _CHANCE.random() * whole / 2


@define
class Pace:
    """Keeps to a rate: in any span of its length no more than so many messages.

    Platforms count like that; a bucket that fills up in one span could let twice as many through.

    Attributes:
        rate: The rate; None for no bound.
    """

    rate: Rate | None
    _gone: deque[float] = field(factory=deque)

    def seed(self, ages: Iterable[int]) -> None:
        """Count what went before this delivery: how many whole seconds ago each was."""
        # A second is only known as a whole; the later end of it is the safer one.
        self._gone.extend(sorted(monotonic() - age + 1 for age in ages))

    def room(self) -> int | None:
        """Return how many messages may go now; None for any number."""
        if self.rate is None:
            return None
        while self._gone and self._gone[0] <= monotonic() - self.rate.seconds:
            self._gone.popleft()
        return self.rate.count - len(self._gone)

    def spend(self, count: int) -> None:
        """Count messages that go now."""
        if self.rate is not None:
            self._gone.extend([monotonic()] * count)

    def wait(self) -> float:
        """Return for how many seconds there is no room."""
        if self.rate is None or (self.room() or 0) > 0:
            return 0.0
        return max(0.0, self._gone[0] + self.rate.seconds - monotonic())

    def until(self, number: int) -> float:
        """Return in how many seconds the last of so many messages could go."""
        if self.rate is None or not number:
            return 0.0
        begun = now = monotonic()
        gone = deque(self._gone, maxlen=self.rate.count)
        for _ in range(number):
            if len(gone) == self.rate.count:
                now = max(now, gone[0] + self.rate.seconds)
            gone.append(now)
        return now - begun


@define
class Pauses:
    """Leaves a channel alone that is down or takes no more, longer each time, and gives it up in the end.

    After a pause one message is tried, and only when it went are there many again.

    Attributes:
        until: Up to when nothing is sent, by the monotonic clock.
        reason: What the provider said last.
        count: How many pauses there were since a message went.
    """

    until: float = 0.0
    reason: str = ""
    count: int = 0

    @property
    def probing(self) -> bool:
        """Whether one message is to be tried before many are."""
        return self.count > 0

    @property
    def over(self) -> bool:
        """Whether the channel is given up for this delivery."""
        return self.count >= TRIES

    def begin(self, reason: str, wait: float | None = None) -> None:
        """Begin a pause, as long as the provider said, else by the number of those before."""
        self.count += 1
        self.reason = reason
        self.until = monotonic() + (backed_off(self.count) if wait is None else max(0.0, wait))

    def end(self) -> None:
        """Note that a message went."""
        self.count = 0
