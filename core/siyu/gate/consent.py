"""Consent by channel and purpose, and opt-out: what a person said last, and most strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import OPTS_OUT, Desk, verdict
from siyu.gate.said import EVERY
from siyu.moments import day_of

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["refused", "unknown"]


def _stated(desk: Desk, touches: Frame, state: str) -> Frame:
    """Return the newest statements of a state that concern a touch: id, time."""
    wanted = touches.select("id", "channel", "purpose", member=nw.col("recipient"))
    said = desk.said.filter(nw.col("state") == state).rename({"channel": "_channel", "purpose": "_purpose"})
    both = wanted.join(said.drop("state"), on="member")
    for column in ("channel", "purpose"):
        both = both.filter((nw.col(f"_{column}") == EVERY) | (nw.col(f"_{column}") == nw.col(column)))
    return both.select("id", "time")


def _unsubscribed(events: Frame, touches: Frame) -> Frame:
    """Return the moments at which recipients unsubscribed from a touch's channel or from all: id, time."""
    said = events.select("member", time=nw.col("second"), _channel=nw.col("subject").fill_null(""))
    wanted = touches.select("id", "channel", member=nw.col("recipient"))
    both = wanted.join(said, on="member")
    here = nw.col("_channel").is_in(["", EVERY]) | (nw.col("_channel") == nw.col("channel"))
    return both.filter(here).select("id", "time")


def refused(desk: Desk, touches: Frame) -> Frame | None:
    """A touch is suppressed by a withdrawal, or an opt-out that no later consent took back.

    A withdrawal wins over any grant for another channel or purpose, and over one of the same moment.
    """
    found = []
    if desk.spoken and desk.some(desk.said.filter(nw.col("state") == "withdrawn")):
        found.append(_stated(desk, touches, "withdrawn"))
    events = desk.told.filter(nw.col("type") == OPTS_OUT)
    if desk.some(events):
        found.append(_opted_out(desk, events, touches))
    if not found:
        return None
    return verdict(nw.concat(found).select("id").unique(), "suppressed", "consent was withdrawn")


def _opted_out(desk: Desk, events: Frame, touches: Frame) -> Frame:
    said = desk.view.keep(_unsubscribed(events, touches))
    asked = touches.join(said, on="id", how="semi")
    granted = _stated(desk, asked, "granted").group_by("id").agg(since=nw.col("time").max())
    out = said.join(granted, on="id", how="left")
    return out.filter(nw.col("time") >= nw.col("since").fill_null(nw.col("time"))).select("id", "time")


def unknown(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch needs a grant, unless the config counts what is unknown as a grant or states a basis."""
    gate = desk.programme.gate
    if gate.consent == "unless-withdrawn":
        return None
    about = nw.col("purpose").is_in([EVERY, "marketing"])
    granted = desk.said.filter(nw.col("state") == "granted", about).select("channel", recipient=nw.col("member"))
    # Who joins a group or looks at what is public is there by their own will, and leaves when they like.
    marketing = touches.filter(nw.col("purpose") == "marketing", nw.col("recipient_kind") == "member")
    # Most grants are for all channels, and to look a member up takes a fraction of looking up a text as well.
    without = marketing.join(granted.filter(nw.col("channel") == EVERY), on="recipient", how="anti")
    without = without.join(granted, on=["recipient", "channel"], how="anti")
    if gate.basis is not None:
        before = desk.view.raw["members"].filter(nw.col("joined") < day_of(gate.basis.date))
        without = without.join(before.select(recipient=nw.col("member")), on="recipient", how="anti")
    return verdict(without, "suppressed", "no consent is known")
