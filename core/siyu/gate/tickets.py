"""Open tickets: nobody is sold anything while they wait for help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import CLOSES, OPENS, Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["waiting"]


def waiting(desk: Desk, touches: Frame) -> Frame | None:
    """A marketing touch waits while its recipient has a ticket that was opened lately and is not closed.

    A ticket is the ``ref`` of events ``complained`` and ``ticket_opened`` until a ``ticket_closed`` with the same one,
    in whichever order they come in; what is opened after that is open again.
    """
    gate = desk.programme.gate
    if gate.tickets == "ignore":
        return None
    told = desk.told.filter(nw.col("type").is_in([*OPENS, CLOSES]), nw.col("ref").fill_null("") != "")
    if not desk.some(told):
        return None
    ends = nw.col("type") == CLOSES
    seen = told.group_by("member", "ref").agg(
        opened=nw.when(~ends).then(nw.col("second")).otherwise(None).max(),
        closed=nw.when(ends).then(nw.col("second")).otherwise(None).max(),
    )
    still = (nw.col("closed").is_null() | (nw.col("closed") < nw.col("opened"))).fill_null(value=False)
    young = nw.col("opened") > desk.view.now - gate.ticket_age.seconds
    waits = seen.filter(still, young).select(recipient=nw.col("member")).unique()
    marketing = touches.filter(nw.col("purpose") == "marketing")
    return verdict(marketing.join(waits, on="recipient", how="semi"), "held", "a ticket is open")
