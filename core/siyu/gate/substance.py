"""Touches that have nothing to say, or nobody to say it to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["nobody", "wordless"]


def wordless(_desk: Desk, touches: Frame) -> Frame:
    """A touch for which no content fits is not sent."""
    reason = nw.concat_str(nw.lit("no content fits '"), nw.col("slot").fill_null(""), nw.lit("'"))
    return verdict(touches.filter(nw.col("content").is_null()), "suppressed", reason)


def nobody(desk: Desk, touches: Frame) -> Frame:
    """A touch to a member whom the log does not know is not sent."""
    known = desk.view.raw["members"].select(recipient=nw.col("member"))
    alone = touches.filter(nw.col("recipient_kind") == "member")
    return verdict(alone.join(known, on="recipient", how="anti"), "suppressed", "the member is not known")
