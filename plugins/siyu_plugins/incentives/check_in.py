"""Check-in: rewards for days in a row, or for many days of a period, with a few days that may be made up for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.events import EventType
from siyu.frames import row_number
from siyu.kinds import Incentive, Period, Reward, doc
from siyu_plugins.incentives._levels import given, in_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Cards", "CheckIn", "Level"]

_MADE_UP = "made_up"
_CAME = ("member", "day", "second", "id")


@frozen(kw_only=True)
class Level:
    """How many days give what: ``{ days = 7, gives = { points = 50 } }``."""

    days: int = field(validator=ge(1), metadata=doc("how many days", unit="days", example=7))
    gives: tuple[Reward, ...] = field(metadata=doc("what they give", example={"points": 50}))
    times: int = field(
        default=1, validator=ge(1), metadata=doc("how often in a period, for as many days each time", example=4)
    )


@frozen(kw_only=True)
class Cards:
    """How many missed days may be made up for: ``{ times = 2, within = "3d" }``."""

    times: int = field(validator=ge(1), metadata=doc("how many in a period; the first that are used count", example=2))
    within: Duration = field(metadata=doc("how long ago the missed day may be", unit="whole days", example="3d"))

    @within.validator
    def _check_within(self, _: Attribute[Duration], value: Duration) -> None:
        if not value.days:
            message = f"expected a day or more, as in '3d', not '{value}'"
            raise ValueError(message)


@frozen(kw_only=True)
class CheckIn(Incentive):
    """Rewards members who come day after day, such as to check in.

    The days with an event that counts, within the incentive's days, are a member's; several events of a day are one
    day. With ``count = "row"`` a level is reached by so many days without a gap, with ``"any"`` by so many days in
    all; both begin anew with each period. A level that may be reached several ``times`` is reached again after as
    many days more: a row of 14 days holds two of 7.

    A missed day is made up for by an event ``made_up``, whose ``subject`` is the incentive and whose ``ref`` is the
    day, as ``2026-12-03``: at most ``within`` after it, not before it is over, and as often in a period as ``cards``
    allow. Which are the first in a period goes by the order in which they came into the log.

    Each level that is reached is a line of amount 1 in its own ledger, which ``limit`` and ``budget`` count, beside
    the lines in the ledgers of what it gives. No fact that comes in late takes a level away, or gives it twice.
    """

    event: str = field(
        default="checked_in", metadata={**doc("the event that counts", example="checked_in"), "refers": "event"}
    )
    subject: str = field(default="", metadata=doc("only events of this subject", example="store-1"))
    count: Literal["row", "any"] = field(
        default="row", metadata=doc("days in a 'row', or 'any' days of the period", example="any")
    )
    per: Period = field(default="month", metadata=doc("the period that begins anew, in the brand's zone"))
    levels: tuple[Level, ...] = field(metadata=doc("how many days give what"))
    cards: Cards | None = field(default=None, metadata=doc("which missed days may be made up for; none by default"))

    @levels.validator
    def _check_levels(self, _: Attribute[tuple[Level, ...]], value: tuple[Level, ...]) -> None:
        if not value:
            message = "expected at least one level, as in [{ days = 7, gives = { points = 50 } }]"
            raise ValueError(message)
        days = [level.days for level in value]
        twice = next((number for number in days if days.count(number) > 1), None)
        if twice:
            message = f"expected one level of {twice} days: put together what they give"
            raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State what is rewarded."""
        return {"rewarded_events": (self.event,)}

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return tuple(reward for level in self.levels for reward in level.gives)

    def settle(self, view: View) -> Frame:
        """Return the lines of the levels that are reached."""
        days = view.keep(self._numbered(self._days(view)))
        reached = nw.concat([self._reached(days, level) for level in self.levels])
        return given(view, self, reached, [(_named(level), level.gives) for level in self.levels])

    def _days(self, view: View) -> Frame:
        """Return member, day, period, event, time: one row for each day that counts, by the first event of it."""
        begin, end = view.window(self)
        within = (nw.col("second") >= begin) & (nw.col("second") < end)
        events = view.events.filter(within)
        about = () if not self.subject else (nw.col("subject") == self.subject,)
        came = events.filter(nw.col("type") == self.event, *about).select(*_CAME)
        both = came if self.cards is None else nw.concat([came, self._made_up(view, self.cards, events)])
        numbered = row_number(both, ["member", "day"], ["second", "id"], "nth").filter(nw.col("nth") == 1)
        days = numbered.select("member", "day", event=nw.col("id").cast(nw.String), time="second")
        return in_period(view, days, self.per)

    def _made_up(self, view: View, cards: Cards, events: Frame) -> Frame:
        """Return member, day (the missed one), second, id of the cards that count."""
        used = events.filter(nw.col("type") == _MADE_UP, nw.col("subject") == self.name)
        days = view.calendar.filter(nw.col("midnight") >= view.window(self)[0])
        dated = used.join(days.select(missed="day", ref="date"), on="ref", how="inner")
        ago = nw.col("day") - nw.col("missed")
        timely = in_period(view, dated.filter(ago >= 1, ago <= cards.within.days), self.per)
        counted = row_number(timely, ["member", "period"], ["seq"], "nth").filter(nw.col("nth") <= cards.times)
        return counted.select("member", "second", "id", "missed").rename({"missed": "day"}).select(*_CAME)

    def _numbered(self, days: Frame) -> Frame:
        """Add which day of its row, or of its period, each day is (Int64, from 1)."""
        numbered = row_number(days, ["member", "period"], ["day"], "place")
        if self.count == "any":
            return numbered
        # Days without a gap have one difference between their number and their place.
        rows = numbered.with_columns(row=nw.col("day").cast(nw.Int64) - nw.col("place"))
        return row_number(rows.drop("place"), ["member", "period", "row"], ["day"], "place")

    @staticmethod
    def _reached(days: Frame, level: Level) -> Frame:
        """Return member, level, period, nth, event, time: the days that complete a level."""
        complete = days.filter(nw.col("place") % level.days == 0)
        counted = row_number(complete, ["member", "period"], ["day"], "nth").filter(nw.col("nth") <= level.times)
        return counted.select("member", "period", "nth", "event", "time", level=nw.lit(_named(level)))


def _named(level: Level) -> str:
    return f"{level.days}-days"


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``check-in``."""
    return {"check-in": CheckIn}


@hookimpl
def siyu_register_event_types() -> Mapping[str, EventType]:
    """Bring the event by which a missed day is made up for."""
    meaning = "a member made up for a missed day, as with a card"
    return {_MADE_UP: EventType(meaning, subject="incentive", ref="the missed day, as 2026-12-03")}
