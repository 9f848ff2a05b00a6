"""What refunds take back of the points that orders earned.

Of each lot, a refund takes the same share as it takes of the order's amount, rounded down in total and not one by
one: refunds of the whole amount, in however many parts, take back exactly what was earned, and never more. What of a
lot has expired, or was taken back by hand, is gone, and is not taken back again; a refund that comes when a lot has
expired takes nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame

__all__ = ["owed", "refunds_of", "reversals"]

_ORDERS = ("ordered", "paid", "received")
_LOT = ("item", "lot")
_ORDER = ["new", "refunded", "refund"]
_PAIRS = {
    **dict.fromkeys(("member", "refund", "refunded", "ordered", "new", "less", "due", "settled"), nw.Int64()),
    **dict.fromkeys((*_LOT, "cause"), nw.String()),
}


def refunds_of(view: View, earned: Frame, ledger: Frame, *, debts: bool) -> Frame:
    """Return one row for each lot and refund of it, with what the refund takes back of the lot.

    Args:
        view: The view.
        earned: member, item, lot (String, the order's event id), amount, expires: the lots that are being earned.
        ledger: The incentive's lines. Its amounts count, where it has the lot, even if it was refused.
        debts: Whether a refund may take more than is left of its lot.

    Returns:
        member, item, lot, refund and cause (its id, as a number and as a text), refunded (its second), ordered, new
        (1 unless the ledger has its line), less (what it takes back of the lot), due (what it and all before it take
        back), settled (what was taken back before this pass).
    """
    refunds = view.keep(_refunds(view.events))
    if not view.rows(refunds.head(1)):  # portable: only whether anything was refunded, to stop early
        return view.table({name: [] for name in _PAIRS}, _PAIRS)
    orders = view.keep(_orders(view.events, refunds))
    # Few orders are refunded: of all others the ledger, which is long, is not looked at.
    own = view.keep(ledger.join(orders.select("lot").unique(), on="lot", how="semi"))
    debts_ = ledger.filter(nw.col("kind") == "reversed", nw.col("cause_kind") == "debt")
    lots = _lots(earned, own).join(orders, on="lot", how="inner")
    pairs = _queued(lots).join(refunds, on=["owner", "ref"], how="inner")
    lasting = pairs.filter((nw.col("refunded") < nw.col("expires")).fill_null(value=True))
    taken = _taken(_covered(_known(lasting, own, debts_)))
    return taken if debts else _within_what_is_left(taken)


def reversals(pairs: Frame) -> Frame:
    """Return the lines: member, item, lot, kind, amount (negative), cause_kind, cause (the refund's id), time."""
    return pairs.filter(nw.col("new") == 1, nw.col("less") > 0).select(
        "member",
        *_LOT,
        kind=nw.lit("reversed"),
        amount=-nw.col("less"),
        cause_kind=nw.lit("event"),
        cause="cause",
        time=nw.max_horizontal("refunded", "ordered"),
    )


def owed(pairs: Frame) -> Frame:
    """Return what refunds should have taken back, and could not, since it was spent: member, want, time, amount."""
    fresh = nw.when(nw.col("new") == 1).then(nw.col("less")).otherwise(0)
    lots = pairs.group_by("member", *_LOT).agg(
        nw.col("due", "settled").max(), time=nw.col("refunded").max(), taken=total(fresh)
    )
    left = lots.with_columns(amount=nw.col("due") - nw.col("settled") - nw.col("taken"))
    want = nw.concat_str("item", nw.lit("/"), "lot")
    return left.filter(nw.col("amount") > 0).select("member", "time", "amount", want=want)


def _lots(earned: Frame, ledger: Frame) -> Frame:
    columns = ["member", *_LOT, "amount", "expires"]
    granted = ledger.filter(nw.col("kind") == "earned", nw.col("amount") > 0).select(*columns)
    rest = ledger.group_by("member", *_LOT).agg(left=total("amount"))
    known = granted.join(rest, on=["member", *_LOT], how="left")
    return nw.concat([known, earned.select(*columns, left="amount")])


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


def _known(pairs: Frame, ledger: Frame, debts: Frame) -> Frame:
    """Add what the ledger has reversed of a lot, what of it is gone otherwise, and whether it has this refund's line.

    A refund that is heard of late, but came earlier, must not change the lines of those that are settled. What was
    clawed back from other lots for this one was settled for it, and for them it was spent.
    """
    reversed_ = ledger.filter(nw.col("kind") == "reversed")
    own = reversed_.filter(nw.col("cause_kind") == "event")
    settled = own.select(*_LOT, "cause", new=nw.lit(0, nw.Int64)).unique()
    sums = own.group_by(*_LOT).agg(settled=total(-nw.col("amount")))
    clawed = debts.group_by("request").agg(clawed=total(-nw.col("amount")))
    other = reversed_.filter(~nw.col("cause_kind").is_in(["event", "debt"])).select(*_LOT, "amount")
    expired = ledger.filter(nw.col("kind") == "expired").select(*_LOT, "amount")
    gone = nw.concat([other, expired]).group_by(*_LOT).agg(gone=total(-nw.col("amount")))
    marked = pairs.with_columns(request=nw.concat_str("item", nw.lit("/"), "lot"))
    for frame, keys in ((settled, [*_LOT, "cause"]), (sums, [*_LOT]), (clawed, ["request"]), (gone, [*_LOT])):
        marked = marked.join(frame, on=keys, how="left")
    filled = marked.with_columns(nw.col("new").fill_null(1), nw.col("settled", "clawed", "gone").fill_null(0))
    return filled.with_columns(settled=nw.col("settled") + nw.col("clawed"))


def _covered(pairs: Frame) -> Frame:
    """Add the points that are to be reversed of a lot by each of its refunds and those before it."""
    part = nw.coalesce("back", "worth")
    refunded = part.cum_sum().over(*_LOT, order_by=_ORDER).cast(nw.Int64) - nw.col("before")
    covered = nw.max_horizontal(nw.lit(0, nw.Int64), nw.min_horizontal(refunded, nw.col("worth")))
    counted = pairs.with_columns(covered=covered, there=nw.col("amount") - nw.col("gone"))
    due = nw.min_horizontal(nw.col("amount") * nw.col("covered") // nw.col("worth"), nw.col("there"))
    return counted.with_columns(due=nw.max_horizontal(due, nw.col("settled")))


def _taken(pairs: Frame) -> Frame:
    counted = pairs.with_columns(taken=nw.when(nw.col("new") == 1).then(nw.col("due")).otherwise(nw.col("settled")))
    before = nw.col("taken").shift(1).over(*_LOT, order_by=_ORDER)
    return counted.with_columns(less=nw.col("taken") - nw.coalesce(before, "settled"))


def _within_what_is_left(pairs: Frame) -> Frame:
    """Cut what the new refunds take to what is left of the lot, the earliest first."""
    fresh = nw.when(nw.col("new") == 1).then(nw.col("less")).otherwise(0)
    upto = fresh.cum_sum().over(*_LOT, order_by=_ORDER).cast(nw.Int64)
    room = nw.max_horizontal(nw.col("left") - nw.col("_before"), nw.lit(0, nw.Int64))
    counted = pairs.with_columns(_before=upto - fresh)
    return counted.with_columns(less=nw.min_horizontal("less", room))
