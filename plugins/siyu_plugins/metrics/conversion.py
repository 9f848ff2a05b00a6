"""Conversion: which share of the members who do one thing go on to do another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.frames import latest, total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import Happening, Per, in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Conversion"]


@frozen(kw_only=True)
class Conversion(Metric):
    """Measures which share of the members with a first event go on to a second one.

    A member belongs to the period of their first event of the sort ``of``, and converts with an event of the sort
    ``to`` from that moment on, later where both are of one type. A number: ``key`` is the second event's type,
    ``value`` the share from 0 to 1, ``n`` the members of the period. The share of a period that is younger than
    ``within`` can still grow.
    """

    of: Happening = field(metadata=doc("what a member does first", example={"event": "joined"}))
    to: Happening = field(metadata=doc("what they convert by", example={"event": "ordered"}))
    within: Duration | None = field(
        default=None, metadata=doc("how long after the first it counts; for ever by default", example="30d")
    )
    per: Per = field(default="month", metadata=doc("the period that the first event puts a member in", example="week"))
    by: Literal["entry"] | None = field(
        default=None, metadata=doc("slice by the entry of the first event", example="entry")
    )

    def measure(self, view: View) -> Frame:
        """Return one number a period, or a period and entry."""
        firsts = latest(self.of.of(view.events), ["member"], ["-second", "-id"])
        slice_ = nw.col("entry").fill_null("") if self.by == "entry" else nw.lit("")
        cohort = in_periods(view, firsts, self.per).select("member", "period", slice=slice_, start="second")
        converted = self._converted(view, cohort).with_columns(hit=nw.lit(1, nw.Int64))
        counted = cohort.join(converted, on="member", how="left").group_by("period", "slice")
        sums = counted.agg(total("hit"), n=nw.len())
        share = nw.col("hit").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        return numbers(sums.with_columns(key=nw.lit(self.to.event), value=share), nw.col("slice"))

    def _converted(self, view: View, cohort: Frame) -> Frame:
        pairs = self.to.of(view.events).select("member", "second").join(cohort, on="member", how="inner")
        gap = nw.col("second") - nw.col("start")
        timely = [gap > 0 if self.of.event == self.to.event else gap >= 0]
        if self.within is not None:
            timely.append(gap <= self.within.seconds)
        return pairs.filter(*timely).select("member").unique()


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``conversion``."""
    return {"conversion": Conversion}
