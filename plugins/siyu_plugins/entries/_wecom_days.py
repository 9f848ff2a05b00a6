"""Days as WeCom counts them: in China, whose clocks never change."""

from __future__ import annotations

from datetime import date

__all__ = ["DAY", "begin", "midnight"]

DAY = 86_400
_AHEAD = 8 * 3_600
_EPOCH = date(1970, 1, 1)


def begin(day: date) -> int:
    """Return the second when a date begins in China."""
    return (day - _EPOCH).days * DAY - _AHEAD


def midnight(second: int) -> int:
    """Return the second when the day of a moment began in China."""
    return (second + _AHEAD) // DAY * DAY - _AHEAD
