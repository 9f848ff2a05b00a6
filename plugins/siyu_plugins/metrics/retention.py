"""Retention: how many members are active, and how many of a month's newcomers still are, months later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.frames import row_number, total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Retention"]


@frozen(kw_only=True)
class Retention(Metric):
    """Measures activity by calendar month.

    Members belong to the month of their first event. Two sorts of numbers, each with a month as its period: with the
    key ``active``, ``value`` and ``n`` are the members with such an event in the month; with the key ``m1``, ``m2``
    …, ``value`` is the share, from 0 to 1, of the month's newcomers who have one so many months later, and ``n`` the
    newcomers. A share is given once its month is over.
    """

    event: str = field(
        default="ordered", metadata={**doc("what counts as activity", example="ordered"), "refers": "event"}
    )
    months: int = field(default=12, metadata=doc("how many months a cohort is followed", unit="months", example=12))

    @months.validator
    def _check_months(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected 1 month or more, not {value}"
            raise ValueError(message)

    def measure(self, view: View) -> Frame:
        """Return the active members of each month, and the shares of each cohort."""
        active = view.keep(_active(view, self.event))
        counts = active.group_by("period").agg(n=nw.len()).with_columns(key=nw.lit("active"), value=nw.col("n"))
        cohorts = view.keep(self._cohorts(active))
        shares = [_share(cohorts, later) for later in range(1, self.months + 1)]
        return nw.concat([numbers(counts), *shares])

    def _cohorts(self, active: Frame) -> Frame:
        """Return period, ago, n (newcomers), and m1, m2 …: how many of them were active so many months later."""
        newest = nw.col("ago").max().over("member")
        later = newest - nw.col("ago")
        counts = {
            f"m{number}": total(nw.when(nw.col("later") == number).then(1).otherwise(0))
            for number in range(self.months + 1)
        }
        grouped = active.select(later=later, ago=newest).group_by("ago").agg(**counts)
        return grouped.join(active.select("ago", "period").unique(), on="ago", how="inner").rename({"m0": "n"})


def _active(view: View, event: str) -> Frame:
    """Return member, period, ago: the months in which a member was active, and how many months ago they were."""
    days = view.calendar.filter(nw.col("day") <= view.today)
    months = row_number(days.select("month", "month_start").unique(), [], ["-month_start"])
    ago = months.select("month", ago=nw.col("row") - 1)
    named = days.select("day", "month").join(ago, on="month", how="inner")
    events = view.events.filter(nw.col("type") == event).select("member", "day")
    return events.join(named, on="day", how="inner").select("member", "ago", period="month").unique()


def _share(cohorts: Frame, later: int) -> Frame:
    key = f"m{later}"
    share = nw.col(key).cast(nw.Float64) / nw.col("n").cast(nw.Float64)
    return numbers(cohorts.filter(nw.col("ago") > later).select("period", "n", key=nw.lit(key), value=share))


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``retention``."""
    return {"retention": Retention}
