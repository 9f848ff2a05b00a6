"""What the bundled metrics share: the shape of a number, the periods of a calendar, and what an event must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import narwhals as nw
from attrs import field, frozen

from siyu.frames import cast_like
from siyu.kinds import doc

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Happening", "Per", "in_periods", "newest_days", "numbers"]

Per: TypeAlias = Literal["week", "month", "total"]

_COLUMNS = {
    "period": nw.String(),
    "slice": nw.String(),
    "key": nw.String(),
    "value": nw.Float64(),
    "n": nw.Int64(),
}


@frozen(kw_only=True)
class Happening:
    """What an event must be to count: ``{ event = "ordered", entry = "wecom" }``."""

    event: str = field(metadata={**doc("the event's type", example="ordered"), "refers": "event"})
    entry: str = field(default="", metadata=doc("only events from this entry", example="wecom"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="GROCERY"))

    def of(self, events: Frame) -> Frame:
        """Return the events that count."""
        where = {"type": self.event, "entry": self.entry, "subject": self.subject}
        return events.filter(*(nw.col(column) == text for column, text in where.items() if text))


def numbers(frame: Frame, by: nw.Expr | None = None) -> Frame:
    """Give rows the columns and types of numbers: period, slice (``by``, else empty), key, value, n."""
    return cast_like(frame.with_columns(slice=nw.lit("") if by is None else by), _COLUMNS)


def in_periods(view: View, frame: Frame, per: Per) -> Frame:
    """Add ``period``: the month of each row's ``day``, the date of its week's Monday, or ``lifetime``."""
    if per == "total":
        return frame.with_columns(period=nw.lit("lifetime"))
    days = view.calendar.select("day", "week", period="month")
    if per == "week":
        mondays = view.calendar.select(week="day", period="date")
        days = days.drop("period").join(mondays, on="week", how="inner")
    return frame.join(days.select("day", "period"), on="day", how="inner")


def newest_days(view: View, days: int | None) -> tuple[Frame, str]:
    """Return the events of the newest ``days`` days, today included, and their period's label, as ``30d``.

    Without ``days`` they are all events, and ``lifetime``.
    """
    if days is None:
        return view.events, "lifetime"
    return view.events.filter(nw.col("day") > view.today - days), f"{days}d"
