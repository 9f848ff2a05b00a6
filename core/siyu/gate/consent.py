"""Consent by channel and purpose, and opt-out: what a person said last, and most strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict
from siyu.moments import day_of

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["refused", "unknown"]

_EVERY = ["", "*"]


def _stated(desk: Desk, touches: Frame, state: str) -> Frame:
    """Return the newest statements of a state that concern a touch: id, time.

    A statement without a channel or purpose concerns all of them.
    """
    wanted = touches.select("id", "channel", "purpose", member=nw.col("recipient"))
    said = desk.view.consents.filter(nw.col("state") == state).select(
        "member",
        "time",
        _channel=nw.col("channel"),
        _purpose=nw.col("purpose"),
    )
    both = wanted.join(said, on="member")
    for column in ("channel", "purpose"):
        every = nw.col(f"_{column}").is_in(_EVERY)
        both = both.filter(every | (nw.col(f"_{column}") == nw.col(column)))
    return both.select("id", "time")


def _unsubscribed(desk: Desk, touches: Frame) -> Frame:
    """Return the moments at which recipients unsubscribed from a touch's channel or from all: id, time."""
    events = desk.view.events.filter(nw.col("type") == "unsubscribed")
    said = events.select("member", time=nw.col("second"), _channel=nw.col("subject").fill_null(""))
    wanted = touches.select("id", "channel", member=nw.col("recipient"))
    both = wanted.join(said, on="member")
    return both.filter(nw.col("_channel").is_in(_EVERY) | (nw.col("_channel") == nw.col("channel"))).select(
        "id", "time"
    )


def refused(desk: Desk, touches: Frame) -> Frame:
    """A touch is suppressed by a withdrawal, or an opt-out that no later consent took back.

    A withdrawal wins over any grant for another channel or purpose, and over one of the same moment.
    """
    withdrawn = _stated(desk, touches, "withdrawn")
    said = desk.view.keep(_unsubscribed(desk, touches))
    asked = touches.join(said, on="id", how="semi")
    granted = _stated(desk, asked, "granted").group_by("id").agg(since=nw.col("time").max())
    out = said.join(granted, on="id", how="left")
    still = out.filter(nw.col("time") >= nw.col("since").fill_null(nw.col("time"))).select("id", "time")
    return verdict(nw.concat([withdrawn, still]).select("id").unique(), "suppressed", "consent was withdrawn")


def unknown(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch needs a grant, unless the config counts what is unknown as a grant or states a basis."""
    gate = desk.programme.gate
    if gate.consent == "unless-withdrawn":
        return None
    marketing = touches.filter(nw.col("purpose") == "marketing")
    granted = _stated(desk, marketing, "granted").select("id")
    without = marketing.join(granted, on="id", how="anti")
    if gate.basis is not None:
        before = desk.view.raw["members"].filter(nw.col("joined") < day_of(gate.basis.date))
        without = without.join(before.select(recipient=nw.col("member")), on="recipient", how="anti")
    return verdict(without, "suppressed", "no consent is known")
