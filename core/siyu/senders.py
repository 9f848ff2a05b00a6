"""Who sends a touch: the staff member whom it names, or the one whom the member was handed to since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["moved"]


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
