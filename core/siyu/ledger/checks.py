"""Sums that must hold whatever the rules were: what was used was there, stock and limits held, causes exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.terms import offers
from siyu.frames import total
from siyu.ledger.findings import JOINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.ledger.findings import Findings
    from siyu.ledger.past import Past
    from siyu.work import Work

__all__ = ["bounds", "lots", "orphans"]

_LOT = ["incentive", "member", "item", "lot"]
_USED = ["redeemed", "restored", "expired", "covered"]
_UNITS = ["granted", "reserved", "released", "reversed"]


def lots(work: Work, found: Findings) -> None:
    """Look whether of each lot no more was used, handed on or expired than it ever had.

    Only what refunds and people take may exceed it: that is a debt, and no fault.
    """
    filled = work.view.grants.with_columns(nw.col("item").fill_null(""), nw.col("lot").fill_null(""))
    amount = nw.col("amount")
    gone = nw.col("kind").is_in(_USED) | ((nw.col("kind") == "transferred") & (amount < 0))
    gave = (amount > 0) & ~gone
    sums = filled.group_by(*_LOT).agg(
        gave=total(nw.when(gave).then(amount).otherwise(0)), used=total(nw.when(gone).then(-amount).otherwise(0))
    )
    found.checked["lots"] = work.size(sums)
    over = sums.filter(nw.col("used") > nw.col("gave"))
    what = nw.concat_str(nw.lit("lot "), nw.col("lot"), nw.lit(" of '"), nw.col("item"), nw.lit("'"))
    told = over.sort(*_LOT).select("incentive", "member", what.alias("what"), "used", "gave")
    found.add("lots", "more of it was used, handed on or expired than there was", work.session.engine.rows(told))


def bounds(work: Work, past: Past, found: Findings) -> None:
    """Look whether more units were ever out than there are in stock, or than one member may have."""
    known = offers(work.programme, work.view.window)
    terms = [(name, item, offer.term) for (name, item), offer in known.items() if not offer.term.transfer]
    stocks = [
        (name, item, "all", term.stock * term.amount)
        for name, item, term in terms
        if term.stock is not None and not term.shares
    ]
    stocks += [(name, item, "early", term.early.stock * term.amount) for name, item, term in terms if term.early]
    stocks += [(name, item, "all", sum(term.shares)) for name, item, term in terms if term.shares]
    each = [(name, item, term.each * term.amount) for name, item, term in terms if term.each and not term.shares]
    units = work.view.grants.filter(nw.col("kind").is_in(_UNITS))
    # A lot that ends is named by its stock and its claim.
    lines = work.keep(units.with_columns(lot=nw.col("lot").str.replace_all(":.*$", "")))
    schema = {"incentive": nw.String(), "item": nw.String(), "lot": nw.String(), "most": nw.Int64()}
    found.checked["stocks"] = len(stocks)
    over = _over(work, lines, _table(work, stocks, schema), ["incentive", "item", "lot"])
    what = nw.concat_str(nw.lit("the stock of "), nw.col("item"), nw.lit(" for "), nw.col("lot"))
    told = over.select("incentive", nw.lit(None).cast(nw.Int64).alias("member"), what.alias("what"), "out", "most")
    found.add("bounds", "more units were out at once than there are", work.session.engine.rows(told))
    schema.pop("lot")
    over = _over(work, lines, _table(work, each, schema), ["incentive", "item"], ["member"])
    joined = over.join(past.joins, on="member", how="semi")
    found.note(JOINED, work.size(joined))
    rest = over.join(past.joins, on="member", how="anti").sort("incentive", "item", "member")
    told = rest.select("incentive", "member", nw.col("item").alias("what"), "out", "most")
    found.add("bounds", "a member had more at once than one may have", work.session.engine.rows(told))


def _table(work: Work, rows: Sequence[tuple[object, ...]], schema: dict[str, nw.dtypes.DType]) -> Frame:
    return work.view.table({name: [row[at] for row in rows] for at, name in enumerate(schema)}, schema)


def _over(work: Work, lines: Frame, most: Frame, key: list[str], more: list[str] | None = None) -> Frame:
    """Return where the running sum in the order of the log was ever above the most that may be: out, most."""
    group = [*key, *(more or [])]
    out = nw.col("amount").cum_sum().over(*group, order_by=["seq"]).cast(nw.Int64)
    peaks = lines.join(most, on=key).with_columns(out=out).group_by(*group, "most").agg(nw.col("out").max())
    return work.keep(peaks.filter(nw.col("out") > nw.col("most")).sort(*group))


def orphans(work: Work, found: Findings) -> None:
    """Look whether what lines name as their cause is in the log: an event, another line."""
    view = work.view
    lines = work.keep(view.grants.select("incentive", "member", "kind", "item", "cause_kind", "cause", "amount"))
    events, ids = view.raw["events"].select("id"), view.raw["grants"].select("id")
    lots_ = lines.select("incentive", "member").unique()
    found.checked["members with a ledger"] = work.size(lots_.select("member").unique())
    for kinds, there in ((["event", "claim"], events), (["line", "expiry"], ids)):
        named = there.select(cause=nw.col("id").cast(nw.String))
        lost = lines.filter(nw.col("cause_kind").is_in(kinds)).join(named, on="cause", how="anti")
        what = nw.concat_str(nw.col("kind"), nw.lit(", "), nw.col("cause_kind"), nw.lit(" "), nw.col("cause"))
        nothing = nw.lit(None).cast(nw.Int64)
        told = lost.sort("incentive", "member", "cause").select(
            "incentive", "member", what.alias("what"), stored="amount", expected=nothing
        )
        found.add("causes", "its cause is not in the log", work.session.engine.rows(told))
