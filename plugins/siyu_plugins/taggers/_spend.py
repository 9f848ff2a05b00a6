"""What members bought and gave back in the newest days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total

if TYPE_CHECKING:
    from siyu.config.units import Duration
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["spending"]


def spending(view: View, event: str, window: Duration, *, refunds: bool) -> Frame:
    """Return what each member bought, and gave back, in the days up to today, today included.

    Args:
        view: The run's view.
        event: The type of the events that are orders.
        window: How many days, today among them.
        refunds: Whether refunds of those days lessen the money, whenever the order was.

    Returns:
        member, last (the day of the last order; null for none), orders, given, taken (refunded), money (net); all
        Int64; one row for each member with such an event.
    """
    is_order = nw.col("type") == event
    types = [event, "refunded"] if refunds else [event]
    inside = view.events.filter(
        nw.col("type").is_in(types), nw.col("day") > view.today - window.days, ~nw.col("member").is_null()
    )
    sums = inside.group_by("member").agg(
        nw.when(is_order).then(nw.col("day")).max().cast(nw.Int64).alias("last"),
        total(nw.when(is_order).then(1).otherwise(0)).alias("orders"),
        total(nw.when(is_order).then(nw.col("amount")).otherwise(0)).alias("given"),
        # An event that is both an order and a refund counts as an order.
        total(nw.when(is_order).then(0).otherwise(nw.col("amount"))).alias("taken"),
    )
    return sums.with_columns(money=nw.col("given") - nw.col("taken"))
