"""Conditions at a moment that has passed: what a member had done by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu_plugins.campaigns._clocks import local_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.config.expressions import Condition
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["judged"]

_CALLS = ("did", "last", "segment", "tag")


def judged(view: View, due: Frame, condition: Condition) -> Frame:
    """Judge a condition for each row at the row's own moment: member, start, holds (Boolean, never null).

    ``did`` and ``never`` look at the events after the start up to the moment, ``days_since`` at all events up to it,
    counted to the moment's day. Everything else is as the run finds it.

    Args:
        view: The run's view.
        due: member, start, nominal (Int64, epoch seconds), one row for each member and start.
        condition: The condition.
    """
    # Names of features are the user's: the columns of the row itself must not meet them.
    rows = due.select("member", __start=nw.col("start"), __nominal=nw.col("nominal"))
    needs = {kind: [need for need in sorted(condition.needs) if need.startswith(f"{kind}:")] for kind in _CALLS}
    states = sorted(condition.needs.difference(needs["did"], needs["last"]))
    if states:
        known = view.profile(condition).select("member", *states)
        flags = (nw.col(flag).fill_null(value=False) for flag in (*needs["tag"], *needs["segment"]))
        rows = rows.join(known, on="member", how="left").with_columns(flags)
    if needs["did"] or needs["last"]:
        rows = _with_events(view, rows, needs["did"], needs["last"])
    return rows.select("member", start=nw.col("__start"), holds=view.compile(condition))


def _with_events(view: View, rows: Frame, did: Sequence[str], last: Sequence[str]) -> Frame:
    """Add the columns ``did:TYPE`` and ``last:TYPE`` as they were at the row's moment."""
    types = sorted({need.partition(":")[2] for need in (*did, *last)})
    events = view.events.filter(nw.col("type").is_in(types)).select("member", "type", "second", "day")
    moments = rows.select("member", "__start", "__nominal")
    by_then = moments.join(events, on="member", how="inner").filter(nw.col("second") <= nw.col("__nominal"))
    found = by_then.group_by("member", "__start").agg(*map(_since_start, did), *map(_latest_day, last))
    joined = rows.join(found, on=["member", "__start"], how="left")
    joined = joined.with_columns((nw.col(need).fill_null(0) > 0).alias(need) for need in did)
    if not last:
        return joined
    # A condition counts days to the run's day, so the day of the event moves on as far as the run is behind.
    behind = view.today - nw.col("__day")
    dated = local_day(joined, view.calendar, at="__nominal", name="__day")
    return dated.with_columns((nw.col(need) + behind).alias(need) for need in last)


def _since_start(need: str) -> nw.Expr:
    done = (nw.col("type") == need.removeprefix("did:")) & (nw.col("second") > nw.col("__start"))
    return nw.when(done).then(1).otherwise(0).max().alias(need)


def _latest_day(need: str) -> nw.Expr:
    of_type = nw.col("type") == need.removeprefix("last:")
    return nw.when(of_type).then(nw.col("day")).max().cast(nw.Int64).alias(need)
