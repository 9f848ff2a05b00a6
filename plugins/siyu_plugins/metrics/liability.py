"""Liability: what a brand owes its members in points, what that is worth, and how much of it will never be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.config.units import DAY
from siyu.frames import total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Liability"]

_FLOWS = ("earned", "redeemed", "expired", "reversed")
_GIVEN = ("earned", "granted", "opened", "corrected")


@frozen(kw_only=True)
class Liability(Metric):
    """Measures what members have of an incentive, month by month: all that the ledger says by the end of each.

    ``outstanding`` is the sum of all balances, debts included; ``n`` is the members who had any by then. ``earned``,
    ``redeemed``, ``expired`` and ``reversed`` are how much the month's lines of that kind gave or took; ``n`` is their
    number. ``breakage`` is the share that expired of the lots that came to their end by then, of what was not taken
    back of them; ``n`` is the number of those lots. ``expected`` is how much of what is outstanding will expire, if the
    same share of it does.

    ``worth`` and ``expected_worth`` are these in money, in minor units, by the incentive's ``worth``; they are left
    out where it states none, as is a share of nothing.
    """

    of: str = field(metadata={**doc("the incentive that is measured", example="points"), "refers": "incentive"})

    def measure(self, view: View) -> Frame:
        """Return the numbers of each month from the first line of the ledger to now."""
        own = view.grants.filter(nw.col("incentive") == self.of, nw.col("time") <= view.now, nw.col("amount") != 0)
        ledger = view.keep(_monthly(view, own, "time"))
        months = view.keep(_months(view, ledger))
        owed, ended = _outstanding(months, ledger), _ended(view, months, ledger)
        share = ended.select("period", share="value")
        rest = nw.max_horizontal("value", nw.lit(0.0))
        expected = owed.join(share, on="period", how="inner").with_columns(value=rest * nw.col("share"))
        stocks = {"outstanding": owed, "breakage": ended, "expected": expected}
        worth = next((one.worth for one in view.incentives if one.name == self.of), None)
        if worth is not None:
            each = worth.amount.minor / worth.units
            stocks["worth"] = owed.with_columns(value=nw.col("value") * each)
            stocks["expected_worth"] = expected.with_columns(value=nw.col("value") * each)
        named = [frame.with_columns(key=nw.lit(key)) for key, frame in stocks.items()]
        return nw.concat([numbers(frame) for frame in (*named, _flows(ledger))])


def _monthly(view: View, frame: Frame, column: str) -> Frame:
    """Add ``period``: the month of a column of seconds, in the brand's zone."""
    days = view.calendar.select("day", "midnight", "month", one=nw.lit(1))
    near = {
        "before": nw.col("month").shift(1).over("one", order_by=["day"]),
        "after": nw.col("month").shift(-1).over("one", order_by=["day"]),
        "next": nw.col("midnight").shift(-1).over("one", order_by=["day"]),
    }
    beside = days.with_columns(**near).drop("one")
    # A day of the zone begins within a day of the one of that number in UTC.
    dated = frame.with_columns(day=(nw.col(column) // DAY).cast(nw.Int32)).join(beside, on="day", how="inner")
    moment = nw.col(column)
    month = nw.when(moment >= nw.col("next")).then(nw.col("after")).otherwise(nw.col("month"))
    period = nw.when(moment < nw.col("midnight")).then(nw.col("before")).otherwise(month)
    return dated.with_columns(period=period).drop("day", *near, "midnight", "month")


def _months(view: View, ledger: Frame) -> Frame:
    """Return the months from the ledger's first to that of now: period."""
    first = ledger.select(first=nw.col("period").min(), one=nw.lit(1)).unique()
    upto = view.calendar.filter(nw.col("day") <= view.today).select(period="month", one=nw.lit(1)).unique()
    return upto.join(first, on="one", how="inner").filter(nw.col("period") >= nw.col("first")).select("period")


def _outstanding(months: Frame, ledger: Frame) -> Frame:
    """Return the sum of all lines up to each month, and of how many members: period, value, n."""
    came = ledger.group_by("member").agg(nw.col("period").min()).group_by("period").agg(n=nw.len().cast(nw.Int64))
    sums = ledger.group_by("period").agg(value=total("amount"))
    return _summed(months.join(sums, on="period", how="left").join(came, on="period", how="left"), "value", "n")


def _summed(frame: Frame, *columns: str) -> Frame:
    """Sum columns up to each month; the first of them as a real number."""
    filled = frame.with_columns(nw.col(*columns).fill_null(0), one=nw.lit(1))
    upto = [nw.col(name).cum_sum().over("one", order_by=["period"]).cast(nw.Int64).alias(name) for name in columns]
    summed = filled.with_columns(*upto)
    return summed.with_columns(nw.col(columns[0]).cast(nw.Float64)).select("period", *columns)


def _ended(view: View, months: Frame, ledger: Frame) -> Frame:
    """Return the share that expired of all lots that had ended by each month: period, value, n."""
    kinds = {"given": list(_GIVEN), "back": ["reversed"], "over": ["expired"]}
    parts = {
        name: total(nw.when(nw.col("kind").is_in(some)).then(nw.col("amount")).otherwise(0))
        for name, some in kinds.items()
    }
    ends = nw.when(nw.col("amount") > 0).then(nw.col("expires"))
    lots = ledger.with_columns(_ends=ends).group_by("item", "lot").agg(**parts, ends=nw.col("_ends").max())
    dated = _monthly(view, lots.filter(nw.col("ends") <= view.now), "ends")
    sums = dated.group_by("period").agg(
        gone=total(-nw.col("over")), rest=total(nw.col("given") + nw.col("back")), n=nw.len().cast(nw.Int64)
    )
    upto = _summed(months.join(sums, on="period", how="left"), "gone", "rest", "n").filter(nw.col("rest") > 0)
    return upto.with_columns(value=nw.col("gone") / nw.col("rest").cast(nw.Float64))


def _flows(ledger: Frame) -> Frame:
    """Return how much the lines of each kind gave or took in each month: period, key, value, n."""
    sums = (
        ledger.filter(nw.col("kind").is_in(list(_FLOWS)))
        .group_by("period", nw.col("kind").alias("key"))
        .agg(value=total("amount"), n=nw.len().cast(nw.Int64))
    )
    taken = nw.when(nw.col("key") == "earned").then(nw.col("value")).otherwise(-nw.col("value"))
    return sums.with_columns(value=taken.cast(nw.Float64))


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``liability``."""
    return {"liability": Liability}
