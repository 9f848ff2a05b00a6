"""Tickets: how many come up in after-sales, and how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.frames import latest, total
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import Per, in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Tickets"]

_OPENING, _CLOSING = ["complained", "ticket_opened"], "ticket_closed"
_HOUR = 3600.0


@frozen(kw_only=True)
class Tickets(Metric):
    """Measures the tickets of after-sales, by the period in which each came up first.

    A ticket is the ``ref`` of a member's events ``complained`` and ``ticket_opened``, and is closed by a
    ``ticket_closed`` of the same one that is not earlier than its last opening. ``closed`` is the share of tickets
    that are closed, from 0 to 1; ``n`` is all of them. ``median_hours`` and ``mean_hours`` are from the first opening
    to the last closing; ``n`` is those that are closed. A number that rests on nothing is left out.
    """

    per: Per = field(default="month", metadata=doc("the period that a ticket belongs to", example="week"))
    by: Literal["entry"] | None = field(
        default=None, metadata=doc("slice by the entry of the first opening", example="entry")
    )

    def measure(self, view: View) -> Frame:
        """Return the share that is closed, and the median and mean hours, for each period, or period and entry."""
        tickets = view.keep(self._tickets(view))
        by = ["period", "slice"]
        shares = tickets.group_by(*by).agg(total("done"), n=nw.len())
        closed = shares.with_columns(
            key=nw.lit("closed"), value=nw.col("done").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        )
        took = tickets.filter(nw.col("done") == 1).group_by(*by)
        # A sum of whole seconds is the same in whichever order they are added.
        sums = took.agg(total("seconds"), median=nw.col("seconds").median(), n=nw.len())
        mean = nw.col("seconds").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        hours = [sums.with_columns(key=nw.lit("mean_hours"), value=mean / _HOUR)]
        hours.append(sums.with_columns(key=nw.lit("median_hours"), value=nw.col("median") / _HOUR))
        return nw.concat([numbers(frame, nw.col("slice")) for frame in (closed, *hours)])

    def _tickets(self, view: View) -> Frame:
        """Return one row a ticket: period, slice, done (1 where it is closed), seconds."""
        said = view.events.filter(nw.col("ref").fill_null("") != "")
        opening = said.filter(nw.col("type").is_in(_OPENING))
        first = latest(opening, ["member", "ref"], ["-second", "-id"]).select("member", "ref", "day", "entry", "second")
        last = opening.group_by("member", "ref").agg(again=nw.col("second").max())
        closing = said.filter(nw.col("type") == _CLOSING).group_by("member", "ref").agg(end=nw.col("second").max())
        known = first.join(last, on=["member", "ref"], how="left").join(closing, on=["member", "ref"], how="left")
        done = (nw.col("end") >= nw.col("again")).fill_null(value=False)
        slice_ = nw.col("entry").fill_null("") if self.by == "entry" else nw.lit("")
        return in_periods(view, known, self.per).select(
            "period",
            slice=slice_,
            done=nw.when(done).then(nw.lit(1, nw.Int64)).otherwise(nw.lit(0, nw.Int64)),
            seconds=nw.col("end") - nw.col("second"),
        )


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``tickets``."""
    return {"tickets": Tickets}
