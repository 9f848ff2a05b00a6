"""Moments and days: epoch seconds, and day numbers in a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import narwhals as nw

from siyu.calendars import offsets
from siyu.errors import UserError

__all__ = [
    "DISTANT",
    "day_expression",
    "day_number",
    "day_of",
    "midnight",
    "moment",
    "period_start",
    "shown_at",
    "written",
]

DISTANT = 253_402_300_800
"""The second that no moment reaches: the year 10000."""

_EPOCH = date(1970, 1, 1)
# Calendars look ahead of a moment, and Python's end with the year 9999.
_YEARS = (1970, 9990)


def moment(text: str, zone: str) -> int:
    """Read a moment as people write it: an ISO 8601 date or date and time; without an offset it is in ``zone``.

    Raises:
        UserError: The text is not a moment.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"'{text}' is not a moment; write it as 2026-11-11, 2026-11-11T10:00 or 2026-11-11T10:00:00Z"
        raise UserError(message) from None
    if not _YEARS[0] <= found.year < _YEARS[1]:
        first, last = _YEARS
        message = f"'{text}' is not a moment from {first} to {last}; write it as 2026-11-11 or 2026-11-11T10:00"
        raise UserError(message)
    return int((found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).timestamp())


def day_number(zone: str, second: int) -> int:
    """Return the number of the day that a moment falls on in a zone."""
    return day_of(datetime.fromtimestamp(second, ZoneInfo(zone)).date())


def day_of(day: date) -> int:
    """Return the number of a date: days since 1970-01-01."""
    return (day - _EPOCH).days


def day_expression(zone: str, column: str, low: int, high: int) -> nw.Expr:
    """Return the day number (Int32) in a zone of a column of seconds, all from ``low`` to ``high``."""
    spans = offsets(zone, low, high)
    offset = nw.lit(spans[-1][2], nw.Int64)
    for _, until, seconds in reversed(spans[:-1]):
        offset = nw.when(nw.col(column) < until).then(nw.lit(seconds, nw.Int64)).otherwise(offset)
    return ((nw.col(column) + offset) // 86400).cast(nw.Int32)


def midnight(zone: str, day: date, after: int = 0) -> int:
    """Return the second when a date, or the one ``after`` days later, begins in a zone."""
    begin = datetime.combine(day + timedelta(days=after), datetime.min.time(), ZoneInfo(zone))
    return int(begin.timestamp())


def shown_at(zone: str, day: date, clock: int) -> int:
    """Return the second when the clocks of a zone show a second of a date's day; 86,400 is the next day's midnight.

    A time that a change of clocks skips is as long after the change; of one that comes twice, the first is taken.
    """
    after, rest = divmod(clock, 86400)
    begin = datetime.combine(day + timedelta(days=after), datetime.min.time(), ZoneInfo(zone))
    return int((begin + timedelta(seconds=rest)).timestamp())


def period_start(zone: str, now: int, per: str) -> int:
    """Return the second when the day, week, month, quarter or year of a moment began in a zone; 0 for ``total``.

    Raises:
        KeyError: There is no such period.
    """
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    begins = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "quarter": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        "year": today.replace(month=1, day=1),
        "total": None,
    }
    begin = begins[per]
    return 0 if begin is None else midnight(zone, begin)


def written(second: int, zone: str = "UTC") -> str:
    """Write a moment for people, in a zone: ``2026-11-11 10:00:00+08:00``."""
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).isoformat(" ")
