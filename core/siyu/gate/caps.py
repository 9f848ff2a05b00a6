"""Frequency caps: how many marketing touches one member may get in a span."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number
from siyu.gate.rule import Desk
from siyu.moments import period_start

if TYPE_CHECKING:
    from siyu.config.tables import Cap
    from siyu.kinds import Frame

__all__ = ["capped"]

USING = ["queued", "sending", "handed", "sent", "delivered", "unknown"]
"""The states in which a touch uses a cap: it went out, or it may have."""


def capped(desk: Desk, touches: Frame) -> Frame | None:
    """A touch waits when its recipient has no place left under a cap; priority, then due, then id decide."""
    caps = desk.programme.gate.caps
    if not caps:
        return None
    ordered = desk.view.keep(_ordered(touches))
    requests = desk.view.keep(nw.concat([_requests(ordered, number, cap) for number, cap in enumerate(caps)]))
    counters = nw.concat([_counters(desk, requests, number, cap) for number, cap in enumerate(caps)])
    admitted = desk.view.admit(requests, counters)
    over = admitted.filter(nw.col("verdict") == "refused")
    said = nw.lit("")
    for number, cap in enumerate(caps):
        said = nw.when(nw.col("reason").str.starts_with(_prefix(number))).then(nw.lit(f"cap of {cap}")).otherwise(said)
    return over.select("id", state=nw.lit("held"), reason=said)


def _prefix(number: int) -> str:
    return f"{number:02}:"


def _ordered(touches: Frame) -> Frame:
    members = touches.filter(nw.col("recipient_kind") == "member")
    return row_number(members.with_columns(_first=-nw.col("priority")), [], ["_first", "due", "id"], "order")


def _concerned(cap: Cap) -> nw.Expr:
    concerned = nw.col("purpose") == cap.purpose
    return concerned & (nw.col("channel") == cap.channel) if cap.channel else concerned


def _requests(ordered: Frame, number: int, cap: Cap) -> Frame:
    counter = nw.concat_str(nw.lit(_prefix(number)), nw.col("recipient").cast(nw.String))
    return ordered.filter(_concerned(cap)).select("id", "order", counter=counter, amount=nw.lit(1, nw.Int64))


def _counters(desk: Desk, requests: Frame, number: int, cap: Cap) -> Frame:
    """Return the room that is left under one cap for everybody who asks: counter, room."""
    begin = period_start(desk.programme.brand.zone, desk.view.now, cap.per)
    passed = desk.view.receipts.filter(nw.col("state") == "queued", nw.col("time") >= begin)
    using = desk.view.touches.filter(_concerned(cap), nw.col("state").is_in(USING))
    recent = using.join(passed.select(id=nw.col("touch")).unique(), on="id", how="semi")
    counter = nw.concat_str(nw.lit(_prefix(number)), nw.col("recipient").cast(nw.String))
    used = recent.with_columns(counter=counter).group_by("counter").agg(used=nw.len().cast(nw.Int64))
    asked = requests.filter(nw.col("counter").str.starts_with(_prefix(number))).select("counter").unique()
    left = nw.lit(cap.times, nw.Int64) - nw.col("used").fill_null(0)
    return asked.join(used, on="counter", how="left").select("counter", room=nw.when(left > 0).then(left).otherwise(0))
