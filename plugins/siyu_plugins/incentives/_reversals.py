"""What refunds take back of the points that orders earned.

Of each lot, a refund takes the same share as it takes of the order's amount, rounded down in total and not one by
one: refunds of the whole amount, in however many parts, take back exactly what was earned, and never more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["reversals"]

_ORDERS = ("ordered", "paid", "received")
_LOT = ("item", "lot")


def reversals(earned: Frame, ledger: Frame, events: Frame) -> Frame:
    """Return the lines that refunds reverse, of the lots in the ledger and of those that are being earned.

    Args:
        earned: member, item, lot (String, the order's event id), amount: all lots that events earn by now.
        ledger: The incentive's lines. Its amounts count, where it has the lot, even if it was refused.
        events: All events.

    Returns:
        member, item, lot, kind, amount (negative), cause_kind, cause (the refund's event id), time.
    """
    refunds = _refunds(events)
    lots = _lots(earned, ledger).join(_orders(events, refunds), on="lot", how="inner")
    return _lines(_taken(_covered(_known(_queued(lots).join(refunds, on=["owner", "ref"], how="inner"), ledger))))


def _lots(earned: Frame, ledger: Frame) -> Frame:
    columns = ["member", *_LOT, "amount"]
    granted = ledger.filter(nw.col("kind") == "earned", nw.col("amount") > 0).select(*columns)
    return nw.concat([granted, earned.join(ledger, on=[*_LOT], how="anti").select(*columns)])


def _refunds(events: Frame) -> Frame:
    refunded = events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
    back = nw.when(nw.col("amount") < 0).then(0).otherwise(nw.col("amount")).cast(nw.Int64)
    return refunded.select(
        "ref",
        owner=nw.col("member"),
        refund=nw.col("id"),
        cause=nw.col("id").cast(nw.String),
        refunded=nw.col("second"),
        back=back,
    )


def _orders(events: Frame, refunds: Frame) -> Frame:
    """Return the orders that were refunded; one without an amount counts as 1, so that any refund is of all of it."""
    orders = events.filter(nw.col("type").is_in(_ORDERS), nw.col("ref") != "")
    worth = nw.when(nw.col("amount") > 0).then(nw.col("amount")).otherwise(1).cast(nw.Int64)
    columns = orders.select(
        "ref", owner=nw.col("member"), lot=nw.col("id").cast(nw.String), ordered=nw.col("second"), worth=worth
    )
    return columns.join(refunds, on=["owner", "ref"], how="semi")


def _queued(lots: Frame) -> Frame:
    """Add what stands before a lot of an order that was paid in parts: refunds use up the earliest part first."""
    upto = nw.col("worth").cum_sum().over("owner", "ref", "item", order_by=["ordered", "lot"])
    return lots.with_columns(before=upto.cast(nw.Int64) - nw.col("worth"))


def _known(pairs: Frame, ledger: Frame) -> Frame:
    """Add what the ledger has reversed of a lot, and whether it has this refund's line.

    A refund that is heard of late, but came earlier, must not change the lines of those that are settled.
    """
    reversed_ = ledger.filter(nw.col("kind") == "reversed")
    settled = reversed_.select(*_LOT, "cause", new=nw.lit(0, nw.Int64)).unique()
    sums = reversed_.group_by(*_LOT).agg(settled=total(-nw.col("amount")))
    marked = pairs.join(settled, on=[*_LOT, "cause"], how="left").join(sums, on=[*_LOT], how="left")
    return marked.with_columns(nw.col("new").fill_null(1), nw.col("settled").fill_null(0))


def _covered(pairs: Frame) -> Frame:
    """Add the points that are to be reversed of a lot by each of its refunds and those before it."""
    part = nw.coalesce("back", "worth")
    refunded = part.cum_sum().over(*_LOT, order_by=["new", "refunded", "refund"]).cast(nw.Int64) - nw.col("before")
    covered = nw.max_horizontal(nw.lit(0, nw.Int64), nw.min_horizontal(refunded, nw.col("worth")))
    counted = pairs.with_columns(covered=covered)
    return counted.with_columns(due=nw.col("amount") * nw.col("covered") // nw.col("worth"))


def _taken(pairs: Frame) -> Frame:
    due = nw.max_horizontal("due", "settled")
    counted = pairs.with_columns(taken=nw.when(nw.col("new") == 1).then(due).otherwise(nw.col("settled")))
    before = nw.col("taken").shift(1).over(*_LOT, order_by=["new", "refunded", "refund"])
    return counted.with_columns(less=nw.col("taken") - nw.coalesce(before, "settled"))


def _lines(pairs: Frame) -> Frame:
    return pairs.filter(nw.col("new") == 1, nw.col("less") > 0).select(
        "member",
        *_LOT,
        "cause",
        kind=nw.lit("reversed"),
        amount=-nw.col("less"),
        cause_kind=nw.lit("event"),
        time=nw.max_horizontal("refunded", "ordered"),
    )
