"""Tags by what members prefer: the category, price, time of day, entry and content that they choose most of late."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, ClockRange, Duration, Money, Share
from siyu.frames import row_number, total
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._checks import at_least_one, whole_days
from siyu_plugins.taggers._choices import bands, categories, entries, parts_of_day, themes
from siyu_plugins.taggers._decay import ONE, ages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["TIMES", "Dimension", "Preference", "siyu_register_taggers"]

Dimension: TypeAlias = Literal["category", "price", "time", "entry", "content"]

TIMES = {
    "morning": ClockRange.parse("06:00-11:00"),
    "noon": ClockRange.parse("11:00-14:00"),
    "afternoon": ClockRange.parse("14:00-18:00"),
    "evening": ClockRange.parse("18:00-22:00"),
    "night": ClockRange.parse("22:00-06:00"),
}
"""The parts of a day."""

_DOINGS = ("ordered", "viewed", "clicked", "read", "replied", "messaged", "checked_in")
_BY = ["dimension", "member"]
_FULL = 10_000


@frozen(kw_only=True)
class Preference(Tagger):
    """Tells what each member prefers, in up to five dimensions, by what they chose in the window.

    - ``category``: the categories of the order's lines, or its subject where no line has one. Each order counts once
      for each of its categories.
    - ``price``: the band of what a piece cost: a line's amount by its quantity, or the order's where it has no lines.
      Each order counts once for each of its bands.
    - ``time``: the part of the day by the clocks where the member lives, changes of clocks included. Each day on which
      they did something in that part counts once.
    - ``entry``: the entry by which it came in. Each day on which they did something there counts once.
    - ``content``: the kind, as ``educate``, of the items that they clicked, read or replied to. Each touch counts
      once, on the day of the last answer; one whose item is no longer in the config does not count.

    What happened today weighs 1; the weight halves every ``half_life`` days. A choice's share is its weight by that
    of all choices of the dimension. The one with the greatest weight, of equal ones the first by name, is the tag's
    value, if its share is at least ``share`` and there were at least ``least`` orders, days or touches in the
    dimension; its share is the score. The evidence names the weights and the runner-up. Without enough evidence
    there is no tag.

    The defaults: with 90 days, what a member did a season ago counts half; 3 times are more than chance; and 40 % is
    twice what each of five choices would have if none were preferred.

    ```toml
    [tagger.taste]
    use = "preference"
    of = ["category", "price", "time"]
    bands = { everyday = "0.00", fine = "80.00", rare = "300.00" }
    ```
    """

    of: tuple[Dimension, ...] = field(
        default=("category", "time", "entry", "content"),
        metadata=doc("the dimensions, each with a tag", example=["category", "time"]),
    )
    prefix: str = field(
        default="prefers-", metadata=doc("what the tags begin with, before the dimension, as in prefers-category")
    )
    window: Duration = field(
        default=Duration(365 * DAY),
        validator=whole_days,
        metadata=doc("the days up to the run's that count, that day included", unit="days"),
    )
    half_life: Duration = field(
        default=Duration(90 * DAY),
        validator=whole_days,
        metadata=doc("after how long a choice weighs half", unit="days"),
    )
    least: int = field(
        default=3,
        validator=at_least_one,
        metadata=doc("how many orders, days or touches a preference rests on at least"),
    )
    share: Share = field(default=Share(4_000), metadata=doc("which share of the weight it has at least", example="40%"))
    event: str = field(
        default="ordered", metadata={**doc("the event whose category and price count"), "refers": "event"}
    )
    doings: tuple[str, ...] = field(
        default=_DOINGS, metadata={**doc("the events whose time and entry count"), "refers": "event"}
    )
    bands: dict[str, Money] = field(
        factory=dict,
        metadata=doc("the price bands, each with its least price", example={"everyday": "0.00", "fine": "80.00"}),
    )
    times: dict[str, ClockRange] = field(
        factory=lambda: dict(TIMES), metadata=doc("the parts of the day; what lies in none of them does not count")
    )

    @of.validator
    def _some(self, _attribute: Attribute[tuple[Dimension, ...]], value: tuple[Dimension, ...]) -> None:
        if not value or len(set(value)) < len(value):
            message = f"expected at least one dimension, and each once, not {list(value)}"
            raise ValueError(message)

    @bands.validator
    def _apart(self, _attribute: Attribute[dict[str, Money]], value: dict[str, Money]) -> None:
        if value and "price" not in self.of:
            message = "bands are for the dimension 'price', which is not among those of 'of'"
            raise ValueError(message)
        if not value and "price" in self.of:
            message = 'the dimension \'price\' needs bands, as in bands = { everyday = "0.00", fine = "80.00" }'
            raise ValueError(message)
        names: dict[Money, str] = {}
        for name, least in value.items():
            if least in names:
                message = f"{names[least]} and {name} both begin at {least}: one of them takes nothing"
                raise ValueError(message)
            names[least] = name

    @times.validator
    def _disjoint(self, _attribute: Attribute[dict[str, ClockRange]], value: dict[str, ClockRange]) -> None:
        if not value:
            message = "expected at least one part of the day, as in evening = '18:00-22:00'"
            raise ValueError(message)
        spans = sorted((start, end, name) for name, part in value.items() for start, end in _spans(part))
        for (_, end, name), (start, _, other) in pairwise(spans):
            if start < end:
                message = f"{name} and {other} overlap: {value[name]} and {value[other]}"
                raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The tags, one for each dimension."""
        return tuple(self._tag(dimension) for dimension in self.of)

    def tags(self, view: View) -> Frame:
        """Return one row for each member and dimension with a preference: member, tag, value, score, evidence."""
        weighed = self._weighed(view)
        wholes = weighed.group_by(*_BY).agg(whole=total("weight"), number=nw.col("unit").n_unique().cast(nw.Int64))
        sums = weighed.group_by(*_BY, "choice").agg(weight=total("weight"))
        ranked = view.keep(row_number(sums, _BY, ["-weight", "choice"], "rank"))
        second = ranked.filter(nw.col("rank") == 2).select(*_BY, next="choice", rest="weight")  # noqa: PLR2004 - the second
        best = ranked.filter(nw.col("rank") == 1).join(wholes, on=_BY)
        clear = nw.col("weight") * _FULL >= nw.col("whole") * self.share.basis_points
        found = best.filter(clear, nw.col("number") >= self.least).join(second, on=_BY, how="left")
        tag = nw.concat_str(nw.lit(self.prefix), nw.col("dimension"))
        return found.select("member", tag=tag, value="choice", score=_score(), evidence=_evidence())

    def _weighed(self, view: View) -> Frame:
        """Return dimension, member, choice, unit, day, weight."""
        weight = ages(view, self.half_life, self.window)
        # Each is kept alone, as an engine plans a short query far sooner than all of them in one.
        return nw.concat([view.keep(self._choices(view, dimension).join(weight, on="day")) for dimension in self.of])

    def _choices(self, view: View, dimension: Dimension) -> Frame:
        """Return dimension, member, choice, unit, day."""
        # Some days have 25 hours, so that the window's seconds do not reach its first midnight.
        since = view.now - (self.window.seconds + DAY)
        recent = view.events.filter(nw.col("day") > view.today - self.window.days, ~nw.col("member").is_null())
        match dimension:
            case "category":
                rows = categories(view, recent.filter(nw.col("type") == self.event))
            case "price":
                rows = bands(view, recent.filter(nw.col("type") == self.event), self.bands)
            case "time":
                rows = parts_of_day(view, recent.filter(nw.col("type").is_in(self.doings)), self.times, since)
            case "entry":
                rows = entries(recent.filter(nw.col("type").is_in(self.doings)))
            case "content":
                rows = themes(view, recent)
        return rows.select("member", "choice", "unit", "day", dimension=nw.lit(dimension))

    def _tag(self, dimension: str) -> str:
        return f"{self.prefix}{dimension}"


def _spans(part: ClockRange) -> list[tuple[int, int]]:
    """Return a part of the day without midnight in it: its first second, and the first after it."""
    if part.start < part.end:
        return [(part.start, part.end)]
    return [(part.start, DAY), (0, part.end)]


def _score() -> nw.Expr:
    return nw.col("weight").cast(nw.Float64) / nw.col("whole").cast(nw.Float64)


def _evidence() -> nw.Expr:
    rest = nw.concat_str(nw.lit(", then "), nw.col("next"), nw.lit(" "), _written("rest"))
    parts = [_written("weight"), nw.lit(" of "), _written("whole"), nw.lit(" from "), nw.col("number").cast(nw.String)]
    return nw.concat_str(*parts, nw.when(~nw.col("rest").is_null()).then(rest).otherwise(nw.lit("")))


def _written(column: str) -> nw.Expr:
    """Write a weight with two decimals, rounded down."""
    hundredths = nw.col(column) % ONE * 100 // ONE
    zero = nw.when(hundredths < 10).then(nw.lit("0")).otherwise(nw.lit(""))  # noqa: PLR2004 - one digit
    return nw.concat_str(
        (nw.col(column) // ONE).cast(nw.Int64).cast(nw.String),
        nw.lit("."),
        zero,
        hundredths.cast(nw.Int64).cast(nw.String),
    )


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``preference``."""
    return {"preference": Preference}
