"""What members hold of coupons: lots that lapse, and uses that refunds undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number, total
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["USE", "held", "lapsed", "returned"]

USE = "use:"
"""What the item of a use starts with."""

_LOT = ("member", "item", "lot")
_ORDERS = ("ordered", "paid")


def held(ledger: Frame, now: int) -> Frame:
    """Return what is left of lots that can be used at a moment: member, item, pieces."""
    usable = _lots(ledger).filter(nw.col("available") <= now, nw.col("expires").fill_null(now + 1) > now)
    return usable.group_by("member", "item").agg(pieces=total("rest"))


def lapsed(ledger: Frame, now: int) -> Frame:
    """Return lines of kind ``expired`` for what is left of lots that can no longer be used.

    What comes back to a lot after that expires in a line of its own, whose cause says how much went before it.
    """
    gone = ledger.filter(nw.col("kind") == "expired").with_columns(nw.col("item", "lot").fill_null(""))
    before = gone.group_by(*_LOT).agg(gone=-total("amount"))
    over = _lots(ledger).filter(nw.col("expires") <= now).join(before, on=[*_LOT], how="left")
    again = nw.concat_str(nw.col("lot"), nw.lit(":"), nw.col("gone").cast(nw.String))
    return lines(
        over.with_columns(
            kind=nw.lit("expired"),
            amount=-nw.col("rest"),
            cause_kind=nw.lit("lot"),
            cause=nw.when(nw.col("gone").is_null()).then(nw.col("lot")).otherwise(again),
            time=nw.col("expires"),
            available=nw.col("expires"),
            expires=nw.lit(None, nw.Int64),
        )
    )


def returned(ledger: Frame, events: Frame, *, part: bool, grace: int) -> Frame:
    """Return the lines by which refunds give coupons back: a new lot, and one use less.

    A use belongs to the order whose ``ref`` is the claim's request. Its new lot can be used until the old one could,
    or for as long as ``grace`` after the refund, whichever is later.

    Args:
        ledger: The incentive's lines.
        events: All events.
        part: Whether any refund gives a coupon back, and not only those of the whole order.
        grace: How many seconds a coupon that came back can be used at least.
    """
    uses = _uses(ledger).join(_refunds(events, part=part), on=["member", "request"], how="inner")
    back = uses.with_columns(
        expires=nw.when(nw.col("until") > nw.col("time") + grace)
        .then(nw.col("until"))
        .otherwise(nw.when(~nw.col("until").is_null()).then(nw.col("time") + grace)),
        cause_kind=nw.lit("use"),
        available=nw.col("time"),
    )
    again = back.with_columns(kind=nw.lit("restored"), lot=nw.concat_str(nw.lit("back:"), nw.col("cause")))
    item = nw.concat_str(nw.lit(USE), nw.col("item"))
    undone = back.with_columns(
        kind=nw.lit("reversed"), item=item, amount=-nw.col("amount"), lot=nw.lit(""), expires=nw.lit(None, nw.Int64)
    )
    return nw.concat([lines(again), lines(undone)])


def _lots(ledger: Frame) -> Frame:
    """Return the lots of coupons of which something is left: member, item, lot, rest, available, expires."""
    named = ledger.filter(~nw.col("item").fill_null("").str.starts_with(USE))
    named = named.with_columns(nw.col("item", "lot").fill_null(""))
    sums = named.group_by(*_LOT).agg(rest=total("amount")).filter(nw.col("rest") > 0)
    given = named.filter(nw.col("amount") > 0, nw.col("kind") != "restored")
    given = nw.concat([given, named.filter(nw.col("kind") == "restored", nw.col("cause_kind") == "use")])
    first = row_number(given, _LOT, ["available", "id"], "nth").filter(nw.col("nth") == 1)
    return sums.join(first.select(*_LOT, "available", "expires"), on=[*_LOT], how="inner")


def _uses(ledger: Frame) -> Frame:
    """Return the uses that are final: member, item (the coupon's), request, amount, cause (the use's line), until."""
    use = ledger.filter(nw.col("item").fill_null("").str.starts_with(USE))
    # One that is only reserved may still fall back, which gives the coupon back by itself.
    paid_for = use.filter(nw.col("kind") == "confirmed").select(*_LOT).unique()
    reserved = use.filter(nw.col("kind") == "reserved").join(paid_for, on=[*_LOT], how="semi")
    made = nw.concat([use.filter(nw.col("kind") == "granted"), reserved]).select(
        "member", "request", claim="cause", cause=nw.col("id").cast(nw.String)
    )
    paid = ledger.filter(nw.col("kind") == "redeemed").select("member", "item", "lot", "amount", claim="cause")
    ends = _ends(ledger)
    spent = paid.with_columns(nw.col("lot").fill_null("")).join(ends, on=[*_LOT], how="left")
    # A lot without an end comes back without one: of several, the latest end counts.
    summed = spent.group_by("member", "item", "claim").agg(amount=-total("amount"), until=nw.col("until").max())
    return made.join(summed, on=["member", "claim"], how="inner")


def _ends(ledger: Frame) -> Frame:
    given = ledger.filter(nw.col("amount") > 0).with_columns(nw.col("item", "lot").fill_null(""))
    return given.group_by(*_LOT).agg(until=nw.col("expires").max())


def _refunds(events: Frame, *, part: bool) -> Frame:
    """Return the orders that were given back: member, request (the order's id), time (when it was given back)."""
    refunds = events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
    orders = events.filter(nw.col("type").is_in(_ORDERS), nw.col("ref") != "")
    worth = orders.group_by("member", "ref").agg(worth=nw.col("amount").max())
    known = refunds.join(worth, on=["member", "ref"], how="left")
    upto = nw.coalesce("amount", "worth").fill_null(0).cum_sum().over("member", "ref", order_by=["second", "id"])
    whole = nw.col("amount").is_null() | (upto.cast(nw.Int64) >= nw.col("worth").fill_null(0))
    back = known.with_columns(whole=whole) if not part else known.with_columns(whole=nw.lit(True))
    first = back.filter(nw.col("whole")).group_by("member", "ref").agg(time=nw.col("second").min())
    return first.rename({"ref": "request"})
