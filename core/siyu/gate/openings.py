"""Channels that a member's own doing opens for a while, as a message of theirs opens customer service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.config.limits import Opening
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["closed", "left_open", "openings"]

_ANY = 2**31


def closed(desk: Desk, touches: Frame) -> Frame | None:
    """A touch waits until its recipient opens its channel, where only they can."""
    found = []
    for channel in desk.programme.of(Channel):
        if channel.opens:
            opened = nw.concat([_opened(desk, one).select("recipient") for one in channel.opens])
            by = touches.filter(nw.col("channel") == channel.name)
            words = f"'{channel.name}' is not open to the member"
            found.append(verdict(by.join(opened.unique(), on="recipient", how="anti"), "held", words))
    return nw.concat(found) if found else None


def left_open(desk: Desk, channel: Channel) -> Frame:
    """Return how many more messages a channel lets through: recipient, room.

    Each opening counts what went out since its newest event, and the widest of those that are open counts.
    """
    used = desk.spent.filter(~nw.col("failed"), nw.col("channel") == channel.name)
    rooms = []
    for one in channel.opens:
        opened = _opened(desk, one)
        since = used.select("recipient", "moment").join(opened, on="recipient").filter(nw.col("moment") >= nw.col("at"))
        number = since.group_by("recipient").agg(used=nw.len().cast(nw.Int64))
        left = nw.lit(_ANY if one.times is None else one.times, nw.Int64) - nw.col("used").fill_null(0)
        rooms.append(opened.join(number, on="recipient", how="left").select("recipient", room=left))
    return nw.concat(rooms).group_by("recipient").agg(room=nw.col("room").max())


def openings(view: View, opening: Opening) -> Frame:
    """Return the events by which members opened a channel, as long as it stays open by them."""
    lately = nw.col("second") > view.now - opening.within.seconds
    there = [nw.col("entry") == opening.entry] if opening.entry else []
    return view.events.filter(nw.col("type") == opening.event, lately, *there)


def _opened(desk: Desk, opening: Opening) -> Frame:
    """Return for whom an opening holds now, and its newest event: recipient, at."""
    newest = openings(desk.view, opening).group_by("member").agg(at=nw.col("second").max())
    return newest.rename({"member": "recipient"})
