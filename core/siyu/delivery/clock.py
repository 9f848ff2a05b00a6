"""What time it is for a delivery."""

from __future__ import annotations

from time import monotonic

from attrs import define, field

__all__ = ["Clock"]


@define
class Clock:
    """Goes on while a delivery lasts, unless the moment was said: then all happens at that moment.

    Attributes:
        moment: When it began, in epoch seconds.
        live: Whether it goes on.
    """

    moment: int
    live: bool
    _begun: float = field(factory=monotonic)

    def now(self) -> int:
        """Return the epoch second."""
        return self.moment + int(monotonic() - self._begun) if self.live else self.moment
