"""Campaigns and channels that a person stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu.gate.rule import Desk

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["stopped", "targets"]


def targets(view: View) -> Frame:
    """Return what is stopped now: target (``campaign:NAME``, ``channel:NAME`` or ``all``), reason."""
    ordered = view.raw["controls"].filter(nw.col("action").is_in(["stop", "resume"]))
    newest = latest(ordered, ["target"], ["seq"]).filter(nw.col("action") == "stop")
    return newest.select("target", reason=nw.concat_str(nw.lit("stopped by "), nw.col("actor").fill_null("somebody")))


def stopped(desk: Desk, touches: Frame) -> Frame:
    """A touch waits while its campaign, its channel, or everything is stopped."""
    halted = targets(desk.view)
    keys = {
        "campaign": nw.concat_str(nw.lit("campaign:"), nw.col("campaign")),
        "channel": nw.concat_str(nw.lit("channel:"), nw.col("channel")),
        "all": nw.lit("all"),
    }
    named = [touches.select("id", target=key) for key in keys.values()]
    found = nw.concat(named).join(halted, on="target").group_by("id").agg(nw.col("reason").min())
    return found.select("id", state=nw.lit("held"), reason=nw.col("reason"))
