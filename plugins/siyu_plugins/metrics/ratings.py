"""Ratings: how content members are, and whether they would recommend the brand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.frames import total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import Per, in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Ratings"]

_CONTENT, _BEST = 4, 5
_PROMOTER, _DETRACTOR, _MOST = 9, 6, 10


@frozen(kw_only=True)
class Ratings(Metric):
    """Measures CSAT and NPS: events ``rated`` whose subject is ``csat`` (1 to 5) or ``nps`` (0 to 10).

    A number for each period in which there were answers: ``csat``, the share of answers of 4 and 5, from 0 to 1, and
    ``nps``, the percentage of answers of 9 and 10 less that of 0 to 6, from -100 to 100. ``n`` is the answers. A score
    that is not on the scale is left out.
    """

    per: Per = field(default="month", metadata=doc("the period that an answer belongs to", example="week"))
    by: Literal["entry"] | None = field(default=None, metadata=doc("slice by the entry of the answer", example="entry"))

    def measure(self, view: View) -> Frame:
        """Return one number for each scale and period, or period and entry."""
        rated = view.events.filter(nw.col("type") == "rated")
        slice_ = nw.col("entry").fill_null("") if self.by == "entry" else nw.lit("")
        placed = in_periods(view, rated, self.per).select("period", "subject", "amount", slice=slice_)
        return nw.concat([_mean(placed, *scale) for scale in (_csat(), _nps())])


def _csat() -> tuple[str, int, int, nw.Expr]:
    return "csat", 1, _BEST, nw.when(nw.col("amount") >= _CONTENT).then(1).otherwise(0)


def _nps() -> tuple[str, int, int, nw.Expr]:
    against = nw.when(nw.col("amount") <= _DETRACTOR).then(-100).otherwise(0)
    return "nps", 0, _MOST, nw.when(nw.col("amount") >= _PROMOTER).then(100).otherwise(against)


def _mean(placed: Frame, name: str, least: int, most: int, points: nw.Expr) -> Frame:
    """Return the mean points of the answers on a scale, by period and slice."""
    on_scale = (nw.col("amount") >= least) & (nw.col("amount") <= most)
    answers = placed.filter(nw.col("subject") == name, on_scale).with_columns(points=points.cast(nw.Int64))
    sums = answers.group_by("period", "slice").agg(total("points"), n=nw.len())
    value = nw.col("points").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
    return numbers(sums.with_columns(key=nw.lit(name), value=value), nw.col("slice"))


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``ratings``."""
    return {"ratings": Ratings}
