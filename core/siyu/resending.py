"""Corrections of campaigns: a new edition for exactly those whom a wrong one may have reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, latest
from siyu.kinds import Campaign
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["ACTION", "corrections", "reached"]

ACTION = "resend"
"""The control that has a campaign's touches sent again."""

_REACHED = ["sending", "handed", "sent", "delivered", "unknown"]


def corrections(work: Work) -> list[Frame]:
    """Return what is to be said again: the columns of ``touches``, without ids.

    Each order to resend a campaign is for those whom it had reached, or may have, when it was given; the edition is
    one more than any was then, so that the order, read again and again, always gives the same touches. They are due
    at once, and for as long as the wrong ones were.
    """
    named = {f"campaign:{campaign.name}": campaign.name for campaign in work.programme.of(Campaign)}
    orders = sorted(work.session.stored("controls", ("target", "seq", "time"), action=ACTION))
    due = [(target, seq, time) for target, seq, time in orders if target in named and time <= work.run.now]
    return [work.keep(_again(work, named[target], seq, time)) for target, seq, time in due]


def reached(work: Work, campaign: str, seq: int) -> Frame:
    """Return the touches of a campaign that had gone out, or may have, before a ``seq``: the columns of ``touches``."""
    before = nw.col("seq") < seq
    states = latest(work.view.raw["receipts"].filter(before), ["touch"], ["seq"])
    gone = states.filter(nw.col("state").is_in(_REACHED)).select(id=nw.col("touch"))
    return work.view.raw["touches"].filter(nw.col("campaign") == campaign, before).join(gone, on="id", how="semi")


def _again(work: Work, campaign: str, seq: int, time: int) -> Frame:
    touches = work.view.raw["touches"].filter(nw.col("campaign") == campaign, nw.col("seq") < seq)
    last = work.view.rows(touches.select(nw.col("edition").max()))[0][0] or 0
    # Two who turned out to be one person get one correction.
    gone = work.view.resolve(reached(work, campaign, seq), "recipient")
    newest = latest(gone, ["step", "occurrence", "recipient"], ["edition", "seq"])
    until = nw.lit(time, nw.Int64) + nw.col("until") - nw.col("due")
    again = newest.with_columns(edition=nw.lit(last + 1, nw.Int64), due=nw.lit(time, nw.Int64), until=until)
    return cast_like(again, TABLES["touches"].columns)
