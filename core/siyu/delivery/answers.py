"""What a channel answered to the messages of one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

from siyu.kinds import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["STATES", "Answers", "Verdict"]

STATES = frozenset({"handed", "sent", "delivered", "failed", "unknown"})
"""The states that a channel may give."""

Verdict: TypeAlias = "tuple[int, str, str, str | None]"
"""A receipt to write: touch, state, reason, provider_id."""


@define
class Answers:
    """The answers of a batch, while it is on its way.

    Attributes:
        final: Those that only have to be written. They are tuples of plain values as the garbage collector leaves such
            out, while each batch of objects is walked over and over as long as it is there.
        open: All others, by touch: of messages that may be tried again, or in a state that no channel may give.
    """

    final: list[Verdict] = field(factory=list)
    open: dict[int, Receipt] = field(factory=dict)

    def __len__(self) -> int:
        """Return how many messages were answered."""
        return len(self.final) + len(self.open)

    def add(self, touch: int, receipt: Receipt) -> None:
        """Add the answer to a message."""
        if receipt.again is None and receipt.state in STATES:
            self.final.append((touch, receipt.state, receipt.reason, receipt.provider_id or None))
        else:
            self.open[touch] = receipt

    def without(self, touches: Iterable[int]) -> list[int]:
        """Return which of some touches have no answer."""
        known = {touch for touch, *_ in self.final}
        return [touch for touch in touches if touch not in known and touch not in self.open]

    def receipts(self) -> dict[int, Receipt]:
        """Return all answers, by touch."""
        final = {touch: Receipt(touch, state, reason, named or "") for touch, state, reason, named in self.final}
        return final | self.open
