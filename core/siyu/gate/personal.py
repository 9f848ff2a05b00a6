"""Refusal of personalised marketing: nobody is picked, or spoken to, by what is known of them against their will."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict
from siyu.gate.said import EVERY
from siyu.kinds import Campaign

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["PURPOSE", "personalised"]

PURPOSE = "personalised"
"""The purpose of the consent that is withdrawn by such a refusal."""


def personalised(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch of a campaign that is ``personalised`` is suppressed for whoever refused that.

    The refusal is a consent of the purpose ``personalised`` that is withdrawn, for the channel or all of them.
    """
    said = desk.said.filter(nw.col("purpose") == PURPOSE, nw.col("state") == "withdrawn")
    if not desk.some(said):
        return None
    plain = [campaign.name for campaign in desk.programme.of(Campaign) if not campaign.personalised]
    refused = said.select(recipient=nw.col("member"), _channel=nw.col("channel"))
    meant = touches.filter(nw.col("purpose") == "marketing", ~nw.col("campaign").is_in(plain))
    both = meant.select("id", "recipient", "channel").join(refused, on="recipient")
    here = both.filter((nw.col("_channel") == EVERY) | (nw.col("_channel") == nw.col("channel")))
    return verdict(here.select("id").unique(), "suppressed", "personalised marketing was refused")
