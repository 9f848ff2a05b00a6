"""Cross-border: what is sent to a member is kept in no other region without a basis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict
from siyu.gate.said import EVERY
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["PURPOSE", "abroad"]

PURPOSE = "cross-border"
"""The purpose of a consent to what leaves the member's region."""


def abroad(desk: Desk, touches: Frame) -> Frame | None:
    """A touch is suppressed whose channel keeps it in another region than its member's, unless that has a basis.

    The basis stands in ``[gate] regions``; where it is ``consent``, each member must have granted one of their own for
    the purpose ``cross-border``. A member whose region nobody knows lives in that of the brand.
    """
    away = [channel for channel in desk.programme.of(Channel) if channel.region]
    if not away:
        return None
    lives = desk.view.raw["members"].select("region", recipient=nw.col("member"))
    alone = touches.filter(nw.col("recipient_kind") == "member")
    placed = alone.join(lives, on="recipient", how="left")
    home = nw.col("region").fill_null(desk.programme.brand.region)
    found = []
    for channel in away:
        basis = desk.programme.gate.regions.get(channel.region, "")
        leaving = placed.filter(nw.col("channel") == channel.name, home != channel.region)
        if not basis:
            found.append(
                verdict(leaving, "suppressed", f"'{channel.name}' keeps it in {channel.region}, without a basis")
            )
        elif basis == "consent":
            words = f"no consent to keep it in {channel.region} is known"
            found.append(
                verdict(leaving.join(_granted(desk, channel.name), on="recipient", how="anti"), "suppressed", words)
            )
    return nw.concat(found) if found else None


def _granted(desk: Desk, channel: str) -> Frame:
    """Return who consented to it, for a channel or all, and withdrew neither: recipient."""
    said = desk.said.filter(nw.col("purpose") == PURPOSE, nw.col("channel").is_in([EVERY, channel]))
    granted = said.filter(nw.col("state") == "granted").select(recipient=nw.col("member")).unique()
    withdrawn = said.filter(nw.col("state") == "withdrawn").select(recipient=nw.col("member"))
    return granted.join(withdrawn, on="recipient", how="anti")
