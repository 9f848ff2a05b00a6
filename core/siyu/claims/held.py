"""The reservations that are neither confirmed nor released, and the payments that came before theirs."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.claims.lines import Line, Payment

__all__ = ["Held"]


@define
class Held:
    """What is reserved.

    Attributes:
        open: The reservations, by their own id.
        paid: The payments for which there was no reservation yet, by request.
    """

    open: dict[int, Line] = field(factory=dict)
    paid: dict[str, list[Payment]] = field(factory=dict)
    # By when they end; of one second, in the order in which they were made.
    _until: list[tuple[int, int, int]] = field(factory=list)
    _made: int = 0
    _requests: dict[str, list[int]] = field(factory=dict)

    def reserve(self, line: Line) -> None:
        """Note a reservation."""
        self.open[line.id] = line
        self._requests.setdefault(line.request, []).append(line.id)
        self._made += 1
        heapq.heappush(self._until, (line.expires or 0, self._made, line.id))

    def of(self, request: str) -> Line | None:
        """Return the first open reservation of a request; sources may use one request id each."""
        numbers = self._requests.get(request)
        return self.open[numbers[0]] if numbers else None

    def close(self, number: int) -> Line | None:
        """Take a reservation off the open ones and return it; None where it is closed already."""
        held = self.open.pop(number, None)
        if held is not None:
            numbers = self._requests[held.request]
            numbers.remove(number)
            if not numbers:
                del self._requests[held.request]
        return held

    def ended(self, second: int, wanted: Callable[[Line], bool] | None = None) -> Iterator[Line]:
        """Close the reservations that ended by a second unconfirmed, of those that are wanted; yield each.

        Reservations that are made meanwhile take part.
        """
        kept = []
        while self._until and self._until[0][0] <= second:
            ended = heapq.heappop(self._until)
            number = ended[-1]
            if wanted is not None and number in self.open and not wanted(self.open[number]):
                kept.append(ended)
            elif (held := self.close(number)) is not None:
                yield held
        for ended in kept:
            heapq.heappush(self._until, ended)
