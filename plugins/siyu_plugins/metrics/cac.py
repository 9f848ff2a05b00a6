"""CAC: what it costs to win a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu import hookimpl
from siyu.frames import total
from siyu.kinds import Metric
from siyu_plugins.metrics._numbers import in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["AcquisitionCost"]


@frozen(kw_only=True)
class AcquisitionCost(Metric):
    """Measures what a new member costs, by entry and calendar month: the entry's costs over those who joined there.

    A number: the period is the month, the slice the entry, ``key`` is ``cost_per_member``, ``value`` in minor units
    of the brand's currency, ``n`` the new members. An entry without costs gives none, nor does a month without new
    members.
    """

    def measure(self, view: View) -> Frame:
        """Return one number for each entry and month with costs and new members."""
        costs = in_periods(view, view.costs.filter(~nw.col("entry").is_null()), "month")
        spent = costs.group_by("period", "entry").agg(total("amount"))
        joined = in_periods(view, view.members.select("entry", day="joined"), "month")
        new = joined.group_by("period", "entry").agg(n=nw.len())
        both = spent.join(new, on=["period", "entry"], how="inner")
        value = nw.col("amount").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        return numbers(both.with_columns(key=nw.lit("cost_per_member"), value=value), nw.col("entry"))


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``cac``."""
    return {"cac": AcquisitionCost}
