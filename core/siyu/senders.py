"""Who sends a touch: the staff member whom it names, or whose contact the member is, or was handed to since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["moved", "named"]


def named(view: View, programme: Programme, touches: Frame) -> Frame:
    """Fill in ``sender`` where staff send by a channel: who took the member as a contact last, else its stand-in.

    Args:
        view: What is known.
        programme: The config.
        touches: The columns of ``touches``, recipients resolved.
    """
    channels = [one for one in programme.of(Channel) if one.by_staff]
    if not channels:
        return touches
    open_ = view.follows.filter(nw.col("until").is_null())
    last = latest(open_.select("member", "staff", "since"), ["member"], ["since", "staff"])
    known = last.select(recipient=nw.col("member"), _staff=nw.col("staff"))
    by_staff = nw.col("channel").is_in([one.name for one in channels]) & (nw.col("recipient_kind") == "member")
    found = nw.col("_staff")
    for one in channels:
        here = found.is_null() & (nw.col("channel") == one.name)
        found = nw.when(here).then(nw.lit(one.stand_in or None, nw.String())).otherwise(found)
    whose = nw.when(by_staff).then(nw.coalesce(nw.col("sender"), found)).otherwise(nw.col("sender"))
    return touches.join(known, on="recipient", how="left").with_columns(sender=whose).drop("_staff")


def moved(view: View, touches: Frame) -> Frame:
    """Replace ``sender`` where it handed the recipient over since the touch was written.

    A touch is written once, so who sends it is told when it goes out: where its sender is no contact of the member
    any more, and gave the member away, the last one who was handed the member and is a contact.

    Args:
        view: What is known.
        touches: The columns of ``touches``, recipients resolved.
    """
    named = touches.filter(~nw.col("sender").is_null()).select("id", "sender", member=nw.col("recipient"))
    open_ = view.follows.filter(nw.col("until").is_null()).select("member", "staff")
    handed = view.events.filter(nw.col("type") == "transferred")
    handed = handed.join(named.select("member").unique(), on="member", how="semi")
    handed = handed.select("member", "staff", "subject", "second", event=nw.col("id"))
    gone = named.join(open_.rename({"staff": "sender"}), on=["member", "sender"], how="anti")
    given = handed.select("member", sender=nw.col("subject"), since=nw.col("second"))
    since = given.group_by("member", "sender").agg(nw.col("since").max())
    left = gone.join(since, on=["member", "sender"], how="inner")
    taken = handed.join(open_, on=["member", "staff"], how="semi").select("member", "staff", "second", "event")
    heirs = left.join(taken, on="member", how="inner").filter(nw.col("second") >= nw.col("since"))
    last = latest(heirs.select("id", "staff", "second", "event"), ["id"], ["second", "event"]).select("id", "staff")
    found = touches.join(last, on="id", how="left")
    return found.with_columns(sender=nw.coalesce("staff", "sender")).drop("staff")
