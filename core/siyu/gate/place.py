"""What keeps a trial from reaching customers: the allow-list, and channels of another environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.programme import PRODUCTION
from siyu.gate.rule import Desk, verdict
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["foreign", "unlisted"]


def unlisted(desk: Desk, touches: Frame) -> Frame | None:
    """Outside production only the recipients of ``[gate] allow`` are reached."""
    if desk.programme.environment == PRODUCTION:
        return None
    listed = list(desk.programme.gate.allow)
    named = desk.view.table({"identity": listed}, {"identity": nw.String()})
    allowed = desk.view.identified(named, "identity", "recipient").select("recipient")
    reason = f"outside production ({desk.programme.environment}) only the allow-list is reached"
    return verdict(touches.join(allowed, on="recipient", how="anti"), "suppressed", reason)


def foreign(desk: Desk, touches: Frame) -> Frame | None:
    """A touch is suppressed when its channel belongs to another environment than the store."""
    here = desk.programme.environment
    others = [channel.name for channel in desk.programme.of(Channel) if channel.environment not in {here, ""}]
    if not others:
        return None
    reason = nw.concat_str(nw.lit("channel '"), nw.col("channel"), nw.lit(f"' does not belong to {here}"))
    return verdict(touches.filter(nw.col("channel").is_in(others)), "suppressed", reason)
