"""What counts towards a tier: amounts, orders or points, and what was taken back of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import narwhals as nw

from siyu.frames import total

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["By", "gains"]

By: TypeAlias = Literal["spend", "orders", "points"]

_COLUMNS = ["member", "second", "amount", "counted"]


def gains(view: View, by: By, of: str) -> Frame:
    """Return what counts: member, second, amount, counted (the second from which its window counts).

    What is taken back has a negative amount, and its window begins with what it is of.

    Args:
        view: The view.
        by: What is measured.
        of: The event's type, or the incentive whose ledger is meant.
    """
    return _points(view, of) if by == "points" else _bought(view, of, orders=by == "orders")


def _points(view: View, incentive: str) -> Frame:
    ledger = view.grants.filter(nw.col("incentive") == incentive)
    lot = [nw.col(name).fill_null("").alias(f"_{name}") for name in ("item", "lot")]
    keys = ["_item", "_lot"]
    earned = ledger.filter(nw.col("kind") == "earned").select("member", "amount", *lot, second="time")
    began = earned.group_by(*keys).agg(counted=nw.col("second").min())
    taken = ledger.filter(nw.col("kind") == "reversed").select("member", "amount", *lot, second="time")
    both = nw.concat([earned, taken]).join(began, on=keys, how="left")
    return both.with_columns(nw.coalesce("counted", "second").alias("counted")).select(*_COLUMNS)


def _bought(view: View, event: str, *, orders: bool) -> Frame:
    amount = nw.lit(1, nw.Int64) if orders else nw.col("amount")
    bought = view.events.filter(nw.col("type") == event)
    got = bought.select("member", "second", amount=amount, counted="second").filter(nw.col("amount") > 0)
    return nw.concat([got.select(*_COLUMNS), _returned(view, bought, orders=orders)])


def _returned(view: View, bought: Frame, *, orders: bool) -> Frame:
    """Return what refunds take back of their orders: never more than there was, and an order when nothing is left."""
    worth = nw.when(nw.col("amount") > 0).then(nw.col("amount")).otherwise(0)
    known = bought.filter(nw.col("ref") != "").with_columns(_worth=worth.cast(nw.Int64))
    whole = known.group_by("member", "ref").agg(
        worth=total("_worth"), orders=nw.len().cast(nw.Int64), counted=nw.col("second").min()
    )
    refunds = view.events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
    pairs = refunds.select("member", "ref", "id", "second", "amount").join(whole, on=["member", "ref"], how="inner")
    back = nw.when(nw.col("amount").is_null()).then(nw.col("worth")).otherwise(nw.col("amount"))
    dated = pairs.with_columns(
        back=nw.max_horizontal(back, nw.lit(0, nw.Int64)), second=nw.max_horizontal("second", "counted")
    )
    upto = nw.col("back").cum_sum().over("member", "ref", order_by=["second", "id"]).cast(nw.Int64)
    summed = dated.with_columns(upto=nw.min_horizontal(upto, nw.col("worth")), before=upto - nw.col("back"))
    if orders:
        full = (nw.col("upto") >= nw.col("worth")) & ((nw.col("before") < nw.col("worth")) | (nw.col("worth") == 0))
        first = summed.filter(full).group_by("member", "ref", "counted", "orders").agg(nw.col("second").min())
        return first.with_columns(amount=-nw.col("orders")).select(*_COLUMNS)
    taken = nw.min_horizontal("before", "worth") - nw.col("upto")
    return summed.with_columns(amount=taken).filter(nw.col("amount") < 0).select(*_COLUMNS)
