"""How often something may happen, as a config writes it."""

from __future__ import annotations

import re
from typing import Self

from attrs import frozen

from siyu.config._words import shown
from siyu.config.units import DAY

__all__ = ["Rate"]

_SPANS = {"s": 1, "min": 60, "h": 3_600, "d": DAY}
_RATE = re.compile(rf"(?P<count>[1-9][0-9]{{0,8}})/(?P<span>{'|'.join(_SPANS)})")


@frozen
class Rate:
    """How often something may happen, as in ``"20/min"``, ``"50/s"``, ``"500/h"`` or ``"5000/d"``.

    Attributes:
        count: How often in the span at most.
        seconds: The span's length in seconds.
    """

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a rate from text: a number from 1 on, a slash, and s, min, h or d.

        Raises:
            ValueError: The text is no rate.
        """
        match = _RATE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f"expected a rate as text, as in '20/min', '50/s', '500/h' or '5000/d', not {shown(text)}")
        return cls(int(match["count"]), _SPANS[match["span"]])

    def __str__(self) -> str:
        """The written form."""
        return f"{self.count}/{next(span for span, seconds in _SPANS.items() if seconds == self.seconds)}"
