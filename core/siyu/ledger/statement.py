"""Statements: the lines of a member or of an incentive, each with the balance after it and its cause in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.frames import total
from siyu.ledger.words import Causes, causes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.programme import Programme
    from siyu.events import EventType
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["Balance", "Entry", "Statement", "stated"]

_LOT = ["incentive", "member", "item", "lot"]
_COLUMNS = [
    "time", "incentive", "item", "member", "kind", "amount", "balance", "item_balance", "cause_kind", "cause",
    "request", "available", "expires", "reason",
]  # fmt: skip


@frozen(kw_only=True)
class Entry:
    """One line of a statement.

    Attributes:
        time: The line's moment, in epoch seconds.
        incentive: Whose ledger it is in.
        item: Which item it is of; empty for none.
        member: Whose line it is.
        kind: What sort of line it is.
        amount: What it adds to the balance.
        balance: The balance of the incentive after it: the member's, or all members' where nobody was asked for.
        item_balance: The same, of this item alone.
        cause: Why it was written, in words.
        available: From when on its units can be used.
        expires: Until when they can be used; None for ever.
    """

    time: int
    incentive: str
    item: str
    member: int
    kind: str
    amount: int
    balance: int
    item_balance: int
    cause: str
    available: int
    expires: int | None


@frozen(kw_only=True)
class Balance:
    """What there is of an incentive and an item.

    Attributes:
        incentive: The incentive.
        item: The item; empty for none.
        balance: The sum of all lines; also of what expired since the last run, which is neither usable nor pending.
        usable: What can be used now, less what is owed.
        pending: What can be used later.
        expiring: How much of it expires next; 0 where nothing does.
        expires: When that is; None where nothing expires.
    """

    incentive: str
    item: str
    balance: int
    usable: int
    pending: int
    expiring: int
    expires: int | None


@frozen(kw_only=True)
class Statement:
    """The lines that were asked for, in the order of time, and what there is by ``now``.

    Attributes:
        now: The moment of the balances.
        entries: The lines, or the last of them.
        left_out: How many earlier lines of the same span there are; the balances count them.
        balances: What there is, by incentive and item.
    """

    now: int
    entries: list[Entry]
    left_out: int
    balances: list[Balance]


def stated(
    view: View, programme: Programme, types: Mapping[str, EventType], lines: Frame, span: tuple[int, int], most: int
) -> Statement:
    """Return the statement of some lines.

    Args:
        view: The view.
        programme: The config, for the zone and the currency.
        types: The registered types of events.
        lines: All lines of the member, the incentive, the item that are asked for.
        span: The first second, and the first second after it, of the lines that are shown.
        most: How many lines are shown at most, the last ones.
    """
    running = view.keep(_running(lines))
    shown = running.filter(nw.col("time") >= span[0], nw.col("time") < span[1])
    number = view.rows(shown.select(nw.len()))[0][0]
    rows = view.rows(shown.sort("time", "seq", descending=True).select(*_COLUMNS).head(most))[::-1]
    brand = programme.brand
    known = causes(view, {row[_COLUMNS.index("cause")] or "" for row in rows}, types, brand.zone, brand.exponent)
    entries = [_entry(dict(zip(_COLUMNS, row, strict=True)), known) for row in rows]
    return Statement(now=view.now, entries=entries, left_out=number - len(entries), balances=_balances(view, running))


def _running(lines: Frame) -> Frame:
    """Add the balances after each line, in the order of time."""
    filled = lines.with_columns(nw.col("item").fill_null(""), nw.col("lot").fill_null(""))
    amount = nw.col("amount").cum_sum()
    return filled.with_columns(
        balance=amount.over("incentive", order_by=["time", "seq"]).cast(nw.Int64),
        item_balance=amount.over("incentive", "item", order_by=["time", "seq"]).cast(nw.Int64),
    )


def _entry(row: dict[str, object], known: Causes) -> Entry:
    texts = [str(row.pop(name) or "") for name in ("cause_kind", "cause", "request", "reason")]
    return Entry(**row, cause=known.words(str(row["kind"]), *texts))  # type: ignore[arg-type] # the columns that were selected


def _balances(view: View, lines: Frame) -> list[Balance]:
    """Return what is left, lot by lot, put together."""
    # Of a reservation, ``expires`` is until when it is to be paid.
    ends = nw.when(nw.col("kind") != "reserved").then(nw.col("expires"))
    begins = nw.when(nw.col("amount") > 0).then(nw.col("available"))
    lots = lines.group_by(*_LOT).agg(left=total("amount"), begin=begins.min(), end=ends.max())
    later = (nw.col("left") > 0) & (nw.col("begin") > view.now)
    over = (nw.col("left") > 0) & (nw.col("end") <= view.now)
    known = view.keep(lots.with_columns(pending=later, over=over))
    open_ = known.filter(nw.col("left") > 0, ~nw.col("over").fill_null(value=False), ~nw.col("end").is_null())
    next_ = open_.group_by("incentive", "item").agg(end=nw.col("end").min())
    expiring = open_.join(next_, on=["incentive", "item", "end"]).group_by("incentive", "item", "end")
    gone = view.rows(expiring.agg(left=total("left")))
    soon = {(incentive, item): (left, end) for incentive, item, end, left in gone}
    left = nw.col("left")
    sums = known.group_by("incentive", "item").agg(
        balance=total(left),
        usable=total(nw.when(nw.col("pending") | nw.col("over").fill_null(value=False)).then(0).otherwise(left)),
        pending=total(nw.when(nw.col("pending")).then(left).otherwise(0)),
    )
    columns = ["incentive", "item", "balance", "usable", "pending"]
    found = view.rows(sums.select(*columns).sort("incentive", "item"))
    return [_balance(dict(zip(columns, row, strict=True)), *soon.get(row[:2], (0, None))) for row in found]


def _balance(row: dict[str, object], expiring: int, expires: int | None) -> Balance:
    return Balance(**row, expiring=expiring, expires=expires)  # type: ignore[arg-type] # the columns that were selected
