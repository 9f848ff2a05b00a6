"""Local time as tables: the calendar of a zone, its changes of clocks, its midnight at a moment.

A day is an Int32 number since 1970-01-01; a moment is a second since the epoch. No frame library knows enough of zones
on every engine, so they are looked up here, once for each day, and joined.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["calendar_rows", "offsets", "real_zones", "zone_row"]

_DAY = 86400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DATE = date(1970, 1, 1)
# No zone is further from UTC than this, and no change of clocks is larger.
_MARGIN = 2 * _DAY


class _Start(NamedTuple):
    """How a local day begins, and how its clocks change: see ``calendar_rows``."""

    midnight: int
    change: int | None
    shift: int | None


def calendar_rows(zone: str, first: int, last: int) -> dict[str, list[int | str | None]]:
    """Return the calendar of a zone, as columns.

    ``day`` (day number), ``date`` (``2026-11-05``), ``week`` (day number of its Monday), ``month`` (``2026-11``),
    ``quarter`` (``2026-Q4``), ``year`` (``2026``), ``weekday`` (1 Monday to 7 Sunday), ``month_start`` (day number),
    ``midnight`` (the second at which the local day begins), ``change`` (the second of a change of clocks within the
    day, else null) and ``shift`` (by how many seconds the clocks go forward then, else null). Where a change skips
    midnight itself, the day begins with it.

    Args:
        zone: The zone's name, as ``Asia/Shanghai``.
        first: The first day number.
        last: The last day number, included.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: There is no such zone.
    """
    spans = offsets(zone, first * _DAY - _MARGIN, (last + 1) * _DAY + _MARGIN)
    columns: dict[str, list[int | str | None]] = {}
    for day in range(first, last + 1):
        row = {**_named(day), **_start(spans, day)._asdict()}
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def offsets(zone: str, first_second: int, last_second: int) -> list[tuple[int, int, int]]:
    """Return how far a zone's clocks are from UTC: (from, until, offset), all in seconds.

    The spans follow on one another from ``first_second`` to just after ``last_second``; ``until`` is the second at
    which the clocks change, so it is not in its span.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: There is no such zone.
    """
    where = ZoneInfo(zone)
    spans: list[tuple[int, int, int]] = []
    start = low = first_second
    while low < last_second:
        high = min(low + _DAY, last_second)
        if _offset(where, low) != _offset(where, high):
            change = _change(where, low, high)
            spans.append((start, change, _offset(where, start)))
            start = high = change
        low = high
    return [*spans, (start, last_second + 1, _offset(where, start))]


def zone_row(zone: str, now: int) -> tuple[str, int, int]:
    """Return a zone's name, its offset from UTC at ``now``, and the second at which its local day began.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: There is no such zone.
    """
    offset = _offset(ZoneInfo(zone), now)
    day = (now + offset) // _DAY
    return zone, offset, _start(offsets(zone, now - _MARGIN, now + _MARGIN), day).midnight


def real_zones(stated: Iterable[str], fallback: str) -> dict[str, str]:
    """Return zones by name, the fallback among them, each with the zone whose clocks it has.

    A zone that is stated and that does not exist has the clocks of the fallback.
    """
    return {name: name if name in _real() else fallback for name in sorted({*stated, fallback})}


@cache
def _real() -> frozenset[str]:
    """Return all zones; to find them, whole folders are read."""
    return frozenset(available_timezones())


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first second after ``low`` with another offset, given that ``high`` has another."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _named(day: int) -> dict[str, int | str | None]:
    on = _FIRST_DATE + timedelta(days=day)
    return {
        "day": day,
        "date": on.isoformat(),
        "week": day - on.weekday(),
        "month": f"{on.year:04}-{on.month:02}",
        "quarter": f"{on.year:04}-Q{(on.month + 2) // 3}",
        "year": f"{on.year:04}",
        "weekday": on.isoweekday(),
        "month_start": day - on.day + 1,
    }


def _start(spans: Sequence[tuple[int, int, int]], day: int) -> _Start:
    within = []
    for start, until, offset in spans:
        begin = max(start, day * _DAY - offset)
        if begin < min(until, (day + 1) * _DAY - offset):
            within.append((begin, start, offset))
    if not within:
        # The zone crossed the date line and left this day out: all of it is the moment of the change.
        missing = next(start for start, _, offset in spans if start >= (day + 1) * _DAY - offset)
        return _Start(missing, missing, _DAY)
    midnight, _, offset = within[0]
    skipped = midnight + offset - day * _DAY
    if skipped:
        return _Start(midnight, midnight, skipped)
    if len(within) == 1:
        return _Start(midnight, None, None)
    _, change, after = within[1]
    return _Start(midnight, change, after - offset)
