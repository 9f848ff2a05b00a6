"""CAC: what it costs to win a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.frames import latest, total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["AcquisitionCost"]


@frozen(kw_only=True)
class AcquisitionCost(Metric):
    """Measures what a new member costs, by entry and calendar month: the entry's costs over those who joined there.

    With ``by = "code"`` it is by channel code: the costs that name the code, over those whose first joining has it as
    its subject. Who is handed over or comes back joins nothing.

    A number: the period is the month, the slice the entry or the code, ``key`` is ``cost_per_member``, ``value`` in
    minor units of the brand's currency, ``n`` the new members. What has no costs gives none, nor does a month without
    new members.
    """

    by: Literal["entry", "code"] = field(
        default="entry", metadata=doc("whether costs and members are told by entry or by channel code", example="code")
    )

    def measure(self, view: View) -> Frame:
        """Return one number for each entry or code and month with costs and new members."""
        costs = in_periods(view, view.costs.filter(~nw.col(self.by).is_null()), "month")
        spent = costs.group_by("period", self.by).agg(total("amount"))
        joined = in_periods(view, self._joined(view), "month")
        new = joined.group_by("period", self.by).agg(n=nw.len())
        both = spent.join(new, on=["period", self.by], how="inner")
        value = nw.col("amount").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        return numbers(both.with_columns(key=nw.lit("cost_per_member"), value=value), nw.col(self.by))

    def _joined(self, view: View) -> Frame:
        """Return when members joined, and by which door: ``day``, and the entry or the code."""
        if self.by == "entry":
            return view.members.select("entry", day="joined")
        joined = view.events.filter(nw.col("type") == "joined").with_columns(earlier=-nw.col("second"))
        return latest(joined, ["member"], ["earlier", "id"]).select("day", code="subject")


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``cac``."""
    return {"cac": AcquisitionCost}
