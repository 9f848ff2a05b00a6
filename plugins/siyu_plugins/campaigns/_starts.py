"""Which starts of a journey count: the first, and those that are far enough from the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import next_after

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["accepted"]


def accepted(view: View, recorded: Frame, fresh: Frame, *, gap: int, span: int) -> Frame:
    """Return the starts that count, of those recorded and those new: member, start.

    From a member's first start on, the next one that counts is the first at least ``gap`` seconds later. What was
    recorded stands: a start that comes in late is let go where it is nearer than that to a recorded one, before or
    after it. Two starts in one second are one.

    Args:
        view: The run's view.
        recorded: member, start (Int64, epoch seconds) of the starts that decisions were made for.
        fresh: member, start of all others.
        gap: The least distance between two starts of a member.
        span: No two starts are further apart than this; it bounds the work.
    """
    candidates = view.keep(nw.concat([recorded, _apart(fresh, recorded, gap)]).unique())
    reached = candidates.group_by("member").agg(nw.col("start").min())
    if span < gap:
        return reached
    # Each round doubles the distance of a jump, so that the rounds are few however long a member's chain of starts is.
    jumps = view.keep(_next(candidates, gap))
    for _ in range((span // gap).bit_length()):
        landed = reached.join(jumps, on=["member", "start"], how="inner").select("member", start=nw.col("next"))
        reached = view.keep(nw.concat([reached, landed]).unique())
        onward = jumps.select("member", next=nw.col("start"), beyond=nw.col("next"))
        doubled = jumps.join(onward, on=["member", "next"], how="inner")
        jumps = view.keep(doubled.select("member", "start", next=nw.col("beyond")))
    return reached


def _apart(fresh: Frame, recorded: Frame, gap: int) -> Frame:
    """Keep the starts that are at least ``gap`` away from each recorded one of their member."""
    pairs = fresh.join(recorded.select("member", other=nw.col("start")), on="member", how="inner")
    distance = nw.col("start") - nw.col("other")
    near = pairs.filter(distance < gap, distance > -gap).select("member", "start").unique()
    return fresh.join(near, on=["member", "start"], how="anti")


def _next(starts: Frame, gap: int) -> Frame:
    """Return for each start that has one the member's first at least ``gap`` later: member, start, next."""
    asked = starts.with_columns(free=nw.col("start") + gap)
    given = starts.select("member", free=nw.col("start"))
    found = next_after(asked, given, by=["member"], at="free", name="next", inclusive=True)
    return found.filter(~nw.col("next").is_null()).select("member", "start", "next")
