"""From seconds to the brand's clocks and back, by joins with its calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.units import DAY
from siyu.frames import local_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame

__all__ = ["local_day", "next_clock"]

# No zone's day begins more than 14 hours before the UTC day of its number, nor more than 12 hours after it. So a moment
# of UTC day 0 is on local day -1, 0 or 1, and of the clocks' moments of days -1 to 2 at least one is not before it.
_NEAR = (-1, 0, 1, 2)


def next_clock(frame: Frame, calendar: Frame, *, at: str, clock: int, days: int, name: str) -> Frame:
    """Add the first moment not before ``at`` when the clocks show a time of day, moved on by days of the calendar.

    A day of 23 or 25 hours counts as one: from 10:00, one day on at 10:00 is the next day at 10:00.

    Args:
        frame: The rows.
        calendar: The brand's calendar.
        at: The column of the moments to start from (Int64, epoch seconds).
        clock: The second of the day that the clocks show.
        days: How many days of the calendar later.
        name: The new column (Int64, epoch seconds); null where the calendar does not reach.

    Returns:
        The frame with the new column.
    """
    rings = local_time(calendar.select("day"), calendar, day="day", clock=clock, name="__ring")
    nearby = _near(rings, "__ring", _NEAR, "__first").join(
        _near(rings, "__ring", [near + days for near in _NEAR], "__then"), on="__utc", how="inner"
    )
    joined = frame.with_columns(__utc=nw.col(at) // DAY).join(nearby, on="__utc", how="left")
    found: nw.Expr = nw.lit(None).cast(nw.Int64)
    for place in reversed(range(len(_NEAR))):
        reached = nw.col(f"__first_{place}") >= nw.col(at)
        found = nw.when(reached).then(nw.col(f"__then_{place}")).otherwise(found)
    return joined.with_columns(found.alias(name)).drop("__utc", *_names("__first", _NEAR), *_names("__then", _NEAR))


def local_day(frame: Frame, calendar: Frame, *, at: str, name: str) -> Frame:
    """Add the number of the brand's day that a moment falls on.

    Args:
        frame: The rows.
        calendar: The brand's calendar.
        at: The column of the moments (Int64, epoch seconds).
        name: The new column (Int64); null where the calendar does not reach.

    Returns:
        The frame with the new column.
    """
    days = (0, 1)
    nearby = _near(calendar.select("day", "midnight"), "midnight", days, "__begin")
    joined = frame.with_columns(__utc=nw.col(at) // DAY).join(nearby, on="__utc", how="left")
    begun = [nw.when(nw.col(begin) <= nw.col(at)).then(1).otherwise(0) for begin in _names("__begin", days)]
    known = ~nw.col("__begin_0").is_null()
    day = nw.when(known).then((nw.col("__utc") - 1 + sum(begun, nw.lit(0))).cast(nw.Int64))
    return joined.with_columns(day.alias(name)).drop("__utc", *_names("__begin", days))


def _near(days: Frame, column: str, distances: Sequence[int], name: str) -> Frame:
    """Put a column's values of days nearby beside each day: __utc (the day, Int64), one column for each distance."""
    beside = (
        nw.col(column).shift(-distance).over(order_by="day").cast(nw.Int64).alias(new)
        for distance, new in zip(distances, _names(name, distances), strict=True)
    )
    return days.select(nw.col("day").cast(nw.Int64).alias("__utc"), *beside)


def _names(name: str, distances: Sequence[int]) -> list[str]:
    return [f"{name}_{place}" for place in range(len(distances))]
