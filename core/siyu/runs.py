"""What is kept of a pass of the loop."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from attrs import field, frozen

__all__ = ["Kind", "Run"]

Kind = Literal["run", "plan", "tick", "ingest", "claims", "control", "deliver"]


@frozen(kw_only=True)
class Run:
    """One pass.

    Attributes:
        id: Its number in the store.
        kind: What sort of pass it is.
        now: Its moment, in epoch seconds.
        config: The hash of the config that it decided by.
        watermark: The last ``seq`` that it saw.
        actor: Who started it.
        counts: What it did, by name: ``events``, ``rejects``, ``touches``, ``grants`` …
        seconds: How long it took; no decision reads it.
    """

    id: int
    kind: Kind
    now: int
    config: str
    watermark: int
    actor: str = "siyu"
    counts: dict[str, int] = field(factory=dict)
    seconds: float = 0.0

    @property
    def time(self) -> datetime:
        """Its moment as the column ``time`` has moments: in UTC, without a zone."""
        return datetime.fromtimestamp(self.now, UTC).replace(tzinfo=None)
