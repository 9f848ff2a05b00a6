"""One message to many at a moment, once or again every day, week or month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.days import Festival, Weekdays
from siyu.config.units import DAY, Clock, Duration
from siyu.frames import local_time
from siyu.hooks import hookimpl
from siyu.kinds import Campaign, Frame, doc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.view import View

__all__ = ["Broadcast", "siyu_register_campaigns"]

_EPOCH = date(1970, 1, 1)
_EVERY = {"day": 1, "week": 7}


@frozen(kw_only=True)
class Broadcast(Campaign):
    """Proposes one message to all members that ``to`` lets through, once its moment has come.

    By a channel that speaks to a group or the public, as a robot, groups of customers or moments do, it is one message
    to all of them together.

    An occurrence is named by its date. One that could not be sent before ``until_after`` is over is let go, so that a
    machine that was off for a month does not send a month's messages at once.

    ```toml
    [campaign.member-day]
    use = "broadcast"
    from = 2026-12-01
    on = 2026-12-08
    at = "10:00"
    every = "month"
    say = "member-day"
    via = "wecom"
    ```
    """

    public: ClassVar[bool] = True

    on: date | Festival = field(
        metadata=doc("the day, or the first of them, or a festival of every year", example=date(2026, 12, 8))
    )
    at: Clock = field(metadata=doc("the time of day, in the brand's zone", example="10:00"))
    say: str = field(metadata={**doc("the content item or slot", example="member-day"), "refers": "content"})
    via: str = field(metadata={**doc("the channel", example="wecom"), "refers": "channel"})
    offer: str = field(default="", metadata=doc("what is offered with it; nothing by default", example="new-10"))
    until_after: Duration = field(
        default=Duration(DAY), metadata=doc("how long after its moment it may still be sent", example="6h")
    )
    every: Literal["day", "week", "month"] | None = field(
        default=None, metadata=doc("how often it comes again; in a month that lacks the day, on the month's last")
    )

    weekdays: Weekdays | None = field(
        default=None, metadata=doc("only on these days of the week; on any by default", example="mon-fri")
    )

    @every.validator
    def _dated(self, _attribute: Attribute[str | None], value: str | None) -> None:
        if value is not None and isinstance(self.on, Festival):
            message = f"a festival comes once a year by itself: leave out 'every', or give a day instead of '{self.on}'"
            raise ValueError(message)

    @until_after.validator
    def _some_time(self, _attribute: Attribute[Duration], value: Duration) -> None:
        if not value.seconds:
            message = "expected some time in which the message may be sent, as in '1d'"
            raise ValueError(message)

    def propose(self, view: View) -> Frame:
        """Return a row for each recipient and each occurrence that is due and not over, with the step ``send``."""
        one = nw.lit(1, nw.Int64).alias("one")
        recipients = self._recipients(view).with_columns(one)
        rows = recipients.join(self._occurrences(view).with_columns(one), on="one", how="inner")
        said = {"step": "send", "slot": self.say, "channel": self.via, "offer": self.offer or None}
        return rows.drop("one").with_columns(**{name: nw.lit(text).cast(nw.String) for name, text in said.items()})

    def _recipients(self, view: View) -> Frame:
        audience = view.audience(self.via)
        if audience == "member":
            return view.members.select(recipient=nw.col("member"), recipient_kind=nw.lit("member"))
        schema = {"recipient": nw.Int64(), "recipient_kind": nw.String()}
        return view.table({"recipient": [0], "recipient_kind": [audience]}, schema)

    def _occurrences(self, view: View) -> Frame:
        """Return the occurrences that may be sent at the run's moment: occurrence, due, until."""
        days = self._days(view.today - self.until_after.days - 1, view.today + 1)
        numbers, names = [(day - _EPOCH).days for day in days], [day.isoformat() for day in days]
        schema = {"day": nw.Int32(), "occurrence": nw.String()}
        table = view.table(dict(zip(schema, (numbers, names), strict=True)), schema)
        moments = local_time(table, view.calendar, day="day", clock=self.at.seconds, name="due")
        begin, end = view.window(self)
        due = nw.col("due")
        until = due + self.until_after.seconds
        live = moments.filter(due >= begin, due < end, due <= view.now, until > view.now)
        return live.select("occurrence", "due", until.alias("until"))

    def _days(self, first: int, last: int) -> list[date]:
        """Return the days of the occurrences between two day numbers."""
        start, end = _EPOCH + timedelta(first), _EPOCH + timedelta(last)
        days = self.on.between(start, end) if isinstance(self.on, Festival) else self._dates(self.on, start, end)
        return [day for day in days if self.weekdays is None or day.isoweekday() in self.weekdays.numbers]

    def _dates(self, on: date, start: date, end: date) -> list[date]:
        begin = max(on, start)
        candidates = [begin + timedelta(ahead) for ahead in range((end - begin).days + 1)]
        return [day for day in candidates if self._falls_on(on, day)]

    def _falls_on(self, on: date, day: date) -> bool:
        if self.every is None:
            return day == on
        if self.every == "month":
            return day.day == min(on.day, monthrange(day.year, day.month)[1])
        return (day - on).days % _EVERY[self.every] == 0


@hookimpl
def siyu_register_campaigns() -> Mapping[str, type[Campaign]]:
    """Bring ``broadcast``."""
    return {"broadcast": Broadcast}
