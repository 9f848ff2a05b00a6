"""Repurchase: who buys again, and how soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.frames import total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import newest_days, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Repurchase"]


@frozen(kw_only=True)
class Repurchase(Metric):
    """Measures repeated purchases, by days: several on one day are one.

    Three numbers, over all events (period ``lifetime``) or the newest ``days`` days (period ``90d`` or the like).
    ``share``: of the buyers, from 0 to 1, those with a second purchase day; ``n`` is the buyers. ``median_days`` and
    ``mean_days``: from one purchase day of a member to the next; ``n`` is how often that happened. A number that
    rests on nothing is left out.
    """

    event: str = field(
        default="ordered", metadata={**doc("what counts as a purchase", example="ordered"), "refers": "event"}
    )
    days: int | None = field(
        default=None, metadata=doc("over how many of the newest days; all by default", unit="days", example=365)
    )

    @days.validator
    def _check_days(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 1:
            message = f"expected 1 day or more, not {value}"
            raise ValueError(message)

    def measure(self, view: View) -> Frame:
        """Return the share of repeated buyers, and the median and mean days between purchases."""
        newest, period = newest_days(view, self.days)
        days = view.keep(newest.filter(nw.col("type") == self.event).select("member", "day").unique())
        rows = nw.concat([numbers(_share(days)), *(numbers(cycle) for cycle in _cycles(days))])
        return rows.filter(nw.col("n") > 0).with_columns(period=nw.lit(period))


def _share(days: Frame) -> Frame:
    again = nw.when(nw.col("bought") > 1).then(1).otherwise(0)
    counts = days.group_by("member").agg(bought=nw.len()).select(again=total(again), n=nw.len())
    return counts.filter(nw.col("n") > 0).with_columns(
        key=nw.lit("share"), value=nw.col("again").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
    )


def _cycles(days: Frame) -> tuple[Frame, Frame]:
    """Return the median and the mean of the days between purchases: key, value, n."""
    before = nw.col("day").shift(1).over("member", order_by="day")
    gaps = days.select(gap=(nw.col("day") - before).cast(nw.Float64)).filter(~nw.col("gap").is_null())
    gap = nw.col("gap")
    return (
        gaps.select(key=nw.lit("median_days"), value=gap.median(), n=gap.count()),
        gaps.select(key=nw.lit("mean_days"), value=gap.mean(), n=gap.count()),
    )


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``repurchase``."""
    return {"repurchase": Repurchase}
