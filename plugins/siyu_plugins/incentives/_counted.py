"""Which pairs count: the friend did what was asked for, kept it, and stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame
    from siyu_plugins.incentives._referral_rules import Counts

__all__ = ["counted"]

_LEAVING = ["left", "unfollowed"]


def counted(view: View, pairs: Frame, counts: Counts) -> Frame:
    """Return the pairs that count by now, and since when: friend, inviter, join, start, time, cause.

    Only what happened until then counts for it, so that it does not matter when one looks.

    Args:
        view: The view.
        pairs: friend, inviter, join, start.
        counts: What the friend must do.
    """
    least = () if counts.at_least is None else (nw.col("amount") >= counts.at_least.minor,)
    done = view.events.filter(nw.col("type") == counts.event, *least).select("second", "ref", friend="member")
    since = nw.col("second") - nw.col("start")
    tried = done.join(pairs, on="friend", how="inner").filter(
        since >= counts.after.seconds, since <= counts.within.seconds
    )
    over = tried.with_columns(time=nw.col("second") + counts.waits).filter(nw.col("second") + counts.waits <= view.now)
    kept = over.join(_returned(view, over, counts), on=["join", "ref", "second"], how="anti")
    if counts.stays.seconds:
        kept = kept.join(_left(view, kept, counts), on=["join", "second"], how="anti")
    first = kept.group_by("friend", "inviter", "join", "start").agg(nw.col("time").min())
    return first.with_columns(cause=nw.col("join").cast(nw.String))


def _returned(view: View, tried: Frame, counts: Counts) -> Frame:
    """Return join, ref, second: the events that were refunded, even in part, before they had settled."""
    refunds = view.events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
    back = refunds.select("ref", friend=nw.col("member"), back=nw.col("second"))
    found = tried.join(back, on=["friend", "ref"], how="inner")
    in_time = found.filter(nw.col("back") - nw.col("second") <= counts.settle.seconds)
    return in_time.select("join", "ref", "second").unique()


def _left(view: View, tried: Frame, counts: Counts) -> Frame:
    """Return join, second: the events after which the friend left too early; a handover is no leaving."""
    going = view.events.filter(nw.col("type").is_in(_LEAVING), nw.col("subject").fill_null("") != "transfer")
    gone = tried.join(going.select(friend="member", gone="second"), on="friend", how="inner")
    after = nw.col("gone") - nw.col("second")
    return gone.filter(after >= 0, after <= counts.stays.seconds).select("join", "second").unique()
