"""Addresses that are of no use: where a message bounced for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.view import View

__all__ = ["useless"]


def useless(view: View, programme: Programme, kind: str) -> dict[int, int]:
    """Return by member up to which ``seq`` of the log no address of a kind is of use.

    It is where the newest message that bounced for good was sent: whatever was known by then is left alone, and what is
    handed in after it counts.
    """
    channels = [one.name for one in programme.of(Channel) if one.address == kind]
    bounced = view.events.filter(nw.col("type") == "bounced").select("ref", "props")
    hard = view.fields(bounced, {"kind": nw.String()}).filter(nw.col("kind") == "hard").select("ref").unique()
    if not view.rows(hard.head(1)):
        return {}
    touches = view.touches.filter(nw.col("channel").is_in(channels), nw.col("recipient_kind") == "member")
    named = touches.select("id", "recipient", ref=nw.col("id").cast(nw.String)).join(hard, on="ref", how="semi")
    sent = view.receipts.filter(nw.col("state") == "sending").select("seq", id=nw.col("touch"))
    last = named.join(sent, on="id").group_by("recipient").agg(nw.col("seq").max())
    return dict(view.rows(last.select("recipient", "seq")))
