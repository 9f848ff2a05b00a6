"""Tiers: tags by what members spent, ordered or earned, reached at once and lost at reviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration, Money
from siyu.frames import latest, total
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._gains import By, gains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.view import View

__all__ = ["Tiers", "siyu_register_taggers"]

_LAST = 2**63 - 1
_SHORTEST = {"month": 28, "quarter": 90, "year": 365}


@frozen(kw_only=True)
class Tiers(Tagger):
    """Tells which tier each member is in: the highest one whose threshold they reach within ``window``.

    A tier is reached at once, with the event that does it. It is lost at reviews alone, the first moment of each
    month, quarter or year: who does not reach it at the review, nor in the ``grace`` after it, falls when the grace
    is over to the highest tier that they did reach meanwhile. All of it follows from the events, so the tier of any
    moment is known, and does not depend on when a run looks.

    ``by = "spend"`` sums the amounts of ``event``, less what was refunded of them; ``orders`` counts them, but for
    those that were refunded wholly; ``points`` sums what the ledger of ``points`` says was earned, less what was
    reversed, by its lines so far, so that a run goes by what the runs before it wrote.

    The tag's value, and its score, is how much is missing to the next tier, 0 in the highest one. A first tier with
    the threshold 0 is every member's.

    ```toml
    [tagger.level]
    use = "tiers"
    tiers = { silver = "500.00", gold = "2000.00" }
    window = "365d"
    review = "year"
    grace = "30d"
    ```
    """

    tiers: Mapping[str, int | Money] = field(
        metadata=doc(
            "the tiers, each with what it takes: money where it is by spend, else a number", example={"gold": "2000.00"}
        )
    )
    by: By = field(default="spend", metadata=doc("what is measured", example="orders"))
    event: str = field(
        default="ordered",
        metadata={**doc("whose amount is summed, or what is counted", example="paid"), "refers": "event"},
    )
    points: str = field(
        default="",
        metadata={**doc("whose ledger is meant, where it is by points", example="points"), "refers": "incentive"},
    )
    window: Duration | None = field(
        default=Duration(365 * DAY), metadata=doc("how long what was done counts", example="365d")
    )
    review: Literal["month", "quarter", "year"] = field(
        default="year", metadata=doc("at the beginning of which period tiers are reviewed", example="quarter")
    )
    grace: Duration = field(
        default=Duration(30 * DAY), metadata=doc("how long after a review a tier can still be kept", example="30d")
    )

    @tiers.validator
    def _check_tiers(self, _: Attribute[Mapping[str, int | Money]], value: Mapping[str, int | Money]) -> None:
        if not value:
            message = "expected at least one tier, as in { silver = '500.00', gold = '2000.00' }"
            raise ValueError(message)
        wrong = next((name for name, least in value.items() if _units(least) < 0), None)
        if wrong is not None:
            message = f"expected 0 or more for the tier '{wrong}', not {value[wrong]}"
            raise ValueError(message)
        if len({_units(least) for least in value.values()}) < len(value):
            message = "expected thresholds that differ: two tiers of one threshold are one tier"
            raise ValueError(message)

    @by.validator
    def _check_by(self, _: Attribute[By], value: By) -> None:
        for name, least in self.tiers.items():
            if isinstance(least, Money) != (value == "spend") and _units(least):
                what = "money as text, as in '500.00'" if value == "spend" else "a whole number"
                message = f"the tier '{name}' takes {what}, since it is by {value}, not {least}"
                raise ValueError(message)

    @points.validator
    def _check_ledger(self, _: Attribute[str], value: str) -> None:
        if bool(value) != (self.by == "points"):
            message = "expected the incentive whose points are meant with by = 'points', and only then"
            raise ValueError(message)

    @grace.validator
    def _check_grace(self, _: Attribute[Duration], value: Duration) -> None:
        if value.days >= _SHORTEST[self.review]:
            message = f"expected a grace that is over before the next review of a {self.review}, not '{value}'"
            raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tiers, the lowest first."""
        return sorted(self.tiers, key=lambda name: _units(self.tiers[name]))

    @property
    def base(self) -> str:
        """The tier that every member is in, whose threshold is 0; empty for none."""
        return "" if _units(self.tiers[self.gives[0]]) else self.gives[0]

    def tags(self, view: View) -> Frame:
        """Return the tier of each member: member, tag, value and score (what is missing to the next), evidence."""
        current = latest(self._reviews(view).filter(nw.col("from") <= view.now), [], ["from"])
        counted = view.keep(self._counted(view, current))
        best = counted.group_by("member").agg(level=nw.col("level").max())
        now = latest(counted, ["member"], ["second"]).select("member", "sum")
        known = view.members.select("member").join(best, on="member", how="left").join(now, on="member", how="left")
        filled = known.with_columns(nw.col("level").fill_null(1 if self.base else 0), nw.col("sum").fill_null(0))
        return self._said(view, filled.filter(nw.col("level") > 0))

    def spans(self, view: View) -> Frame:
        """Return who was in which tier, or a higher one, and when: member, tag, since, until (null while it lasts)."""
        reviews = self._reviews(view)
        counted = self._counted(view, reviews)
        level = nw.col("level").cum_max().over("member", "from", order_by=["second"])
        moments = counted.with_columns(level=level, since=nw.max_horizontal("second", "from"))
        held = moments.filter(nw.col("since") <= view.now).group_by("member", "since").agg(nw.col("level").max())
        steps = [(number, name) for number, name in enumerate(self.gives, 1) if name != self.base]
        ever = {"since": nw.lit(0, nw.Int64), "until": nw.lit(None).cast(nw.Int64), "tag": nw.lit(self.base)}
        everybody = [view.members.select("member", **ever)] if self.base else []
        return nw.concat(
            [*everybody, *(self._held(held.with_columns(tier=nw.lit(number)), name) for number, name in steps)]
        )

    @staticmethod
    def _held(moments: Frame, name: str) -> Frame:
        """Return the spans in which a tier was held, of the moments at which a level began."""
        has = nw.when(nw.col("level") >= nw.col("tier")).then(1).otherwise(0)
        known = moments.with_columns(has=has)
        before = nw.col("has").shift(1).over("member", order_by=["since"]).fill_null(0)
        turns = known.with_columns(before=before).filter(nw.col("has") != nw.col("before"))
        ends = turns.with_columns(until=nw.col("since").shift(-1).over("member", order_by=["since"]))
        return ends.filter(nw.col("has") == 1).select("member", "since", "until", tag=nw.lit(name))

    def _reviews(self, view: View) -> Frame:
        """Return one row a review, by its second: start, after (the next one's), from and to (when what it says holds).

        The next one begins before this one's grace is over.
        """
        days = view.calendar.group_by(self.review).agg(start=nw.col("midnight").min()).with_columns(all=nw.lit(1))
        first = days.with_columns(first=nw.col("start").min().over("all"))
        grace = nw.when(nw.col("start") == nw.col("first")).then(0).otherwise(self.grace.seconds)
        begun = first.with_columns((nw.col("start") + grace).cast(nw.Int64).alias("from"))
        until = nw.col("from").shift(-1).over("all", order_by=["start"]).fill_null(_LAST)
        after = nw.col("start").shift(-1).over("all", order_by=["start"]).fill_null(_LAST)
        return begun.with_columns(until.alias("to"), after=after).select("start", "after", "from", "to")

    def _counted(self, view: View, reviews: Frame) -> Frame:
        """Return what each member had reached at each moment of each review: member, second, from, sum, level."""
        got = gains(view, self.by, self.points or self.event)
        if self.window is not None:
            # What is taken back when its order counts no more changes nothing.
            got = got.filter(nw.col("second") < nw.col("counted") + self.window.seconds)
        got = view.keep(got)
        none = nw.lit(0, nw.Int64)
        columns = ["member", "second", "amount", "start"]
        parts = [got.with_columns(start=none).select(*columns)]
        if self.window is not None:
            left = got.with_columns(
                second=nw.col("counted") + self.window.seconds, amount=-nw.col("amount"), start=none
            )
            parts.append(left.filter(nw.col("second") <= view.now).select(*columns))
        looked = got.select("member").unique().join(reviews, how="cross").filter(nw.col("start") <= view.now)
        parts.append(looked.with_columns(second=nw.col("start"), amount=none).select(*columns))
        moments = nw.concat(parts).group_by("member", "second").agg(total("amount"), nw.col("start").max())
        # A moment is in the review that began last, and while its grace lasts in the one before, too.
        sums = moments.with_columns(
            sum=nw.col("amount").cum_sum().over("member", order_by=["second"]).cast(nw.Int64),
            start=nw.col("start").cum_max().over("member", order_by=["second"]).cast(nw.Int64),
        )
        spans = reviews.select("start", "from", "to")
        before = reviews.select("from", "to", start="after")
        within = sums.join(nw.concat([spans, before.select("start", "from", "to")]), on="start", how="inner")
        within = within.filter(nw.col("second") < nw.col("to"))
        level: nw.Expr = nw.lit(0, nw.Int64)
        for number, name in enumerate(self.gives, 1):
            level = nw.when(nw.col("sum") >= _units(self.tiers[name])).then(number).otherwise(level)
        return within.with_columns(level=level.cast(nw.Int64))

    def _said(self, view: View, known: Frame) -> Frame:
        names = [*self.gives]
        steps = [_units(self.tiers[name]) for name in names]
        rows = {
            "level": range(1, len(names) + 1),
            "tag": names,
            "next": [*steps[1:], None],
            "after": [*names[1:], None],
        }
        kinds = {"level": nw.Int64(), "tag": nw.String(), "next": nw.Int64(), "after": nw.String()}
        tiers = view.table(rows, kinds)
        missing = nw.max_horizontal(nw.col("next") - nw.col("sum"), nw.lit(0, nw.Int64)).fill_null(0)
        counted = known.join(tiers, on="level", how="inner").with_columns(missing=missing)
        short = nw.concat_str(self._shown("missing"), nw.lit(" to "), nw.col("after"))
        so_far = nw.concat_str(nw.lit(f"{self.by} "), self._shown("sum"))
        more = nw.when(nw.col("missing") > 0).then(nw.concat_str(so_far, nw.lit(", "), short)).otherwise(so_far)
        return counted.select(
            "member", "tag", value=self._shown("missing"), score=nw.col("missing").cast(nw.Float64), evidence=more
        )

    def _shown(self, column: str) -> nw.Expr:
        """Return a number as text, money in major units."""
        places = max((one.exponent for one in self.tiers.values() if isinstance(one, Money)), default=0)
        if not places:
            return nw.col(column).cast(nw.String)
        unit = 10**places
        part = (nw.col(column) % unit + unit).cast(nw.String).str.slice(1)
        return nw.concat_str((nw.col(column) // unit).cast(nw.String), nw.lit("."), part)


def _units(least: int | Money) -> int:
    return least.minor if isinstance(least, Money) else least


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``tiers``."""
    return {"tiers": Tiers}
