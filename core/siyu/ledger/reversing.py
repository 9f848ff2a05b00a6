"""Reversals by a person: a wrong incentive or campaign is undone line by line, and only once.

Each line by which rules or claims gave something is answered by a line ``reversed``, whose ``cause_kind`` is ``line``
and whose cause is that line's id. What a claim paid with, in whichever ledger, goes back by lines of the same sort.
Lines that people wrote, ``opened`` and ``corrected``, stay.

What was given and is gone already, as it was spent, handed on or has expired, cannot be taken back: by default only
what is left is, and with ``debt`` all of it, so that the lot falls below zero. What refunds or earlier reversals took
is not taken twice, in either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import fields, frozen

from siyu.frames import cast_like, total
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.ledger.choosing import Choice
    from siyu.work import Work

__all__ = ["Reversal", "reversals", "summed"]

_LINE = TABLES["grants"].columns
_LOT = ["incentive", "member", "item", "lot"]
_CAUSE = ["cause_kind", "cause"]
_USED = ["redeemed", "restored", "expired", "covered"]
_BY_HAND = ["opened", "corrected"]
_SAME = ["incentive", "kind", "member", "item", "lot", "cause_kind", "cause"]


@frozen(kw_only=True)
class Reversal:
    """What reversing does to one incentive's item.

    Attributes:
        incentive: Whose ledger it is.
        item: The item; empty for none.
        lines: How many lines are reversed.
        members: How many members they are of.
        given: What the chosen lines gave, less what was taken back before.
        taken: What is taken back now.
        kept: What stays with the members, as it is gone already.
        debt: What members owe by it: it is taken, and was gone already.
        returned: What goes back to members, as it paid for a claim that is undone.
    """

    incentive: str
    item: str
    lines: int
    members: int
    given: int
    taken: int
    kept: int
    debt: int
    returned: int


_REVERSAL = tuple(one.name for one in fields(Reversal))


def reversals(work: Work, choice: Choice, ledger: Frame, *, debt: bool, reason: str) -> Frame:
    """Return the lines that undo what was chosen, kept, with ``given`` and ``left``: see ``Reversal``.

    Args:
        work: The pass, whose moment is the lines' time.
        choice: What is undone.
        ledger: All lines.
        debt: Whether what is gone already is taken as well.
        reason: Who reverses it, and why.
    """
    filled = ledger.with_columns(nw.col("item").fill_null(""), nw.col("lot").fill_null(""))
    named = work.keep(_standing(filled.with_columns(name=nw.col("id").cast(nw.String))))
    gave = choice.of(named).filter(nw.col("amount") > 0, ~nw.col("kind").is_in([*_USED, *_BY_HAND]))
    taking = work.keep(_taking(work.keep(gave), filled, debt=debt))
    back = _paid_back(named, taking)
    return work.keep(_lines(work, nw.concat([taking.select(*back.collect_schema().names()), back]), reason))


def _standing(named: Frame) -> Frame:
    """Drop lines that were reversed before, and reservations that were released."""
    undone = (nw.col("kind") == "released") | ((nw.col("kind") == "reversed") & (nw.col("cause_kind") == "line"))
    return named.join(named.filter(undone).select(name="cause").unique(), on="name", how="anti")


def _taking(chosen: Frame, ledger: Frame, *, debt: bool) -> Frame:
    """Add to lines that gave something: given (less what was taken back), left of that, and what to take of it now.

    Several lines may share a lot, as the claims of one member do: what is left of it is that of the last lines.
    """
    used = nw.col("kind").is_in(_USED) | ((nw.col("kind") == "transferred") & (nw.col("amount") < 0))
    gave = nw.when(used).then(0).otherwise(nw.col("amount"))
    lots = ledger.join(chosen.select(*_LOT).unique(), on=_LOT, how="semi")
    sums = lots.group_by(*_LOT).agg(gave=total(gave), rest=total("amount"))
    after = nw.col("amount").cum_sum(reverse=True).over(*_LOT, order_by=["seq"]).cast(nw.Int64) - nw.col("amount")
    shared = chosen.join(sums, on=_LOT).with_columns(after=after)
    parted = shared.with_columns(given=_share("gave"), left=_share("rest"))
    lesser = parted.with_columns(left=nw.min_horizontal("given", "left"))
    return lesser.with_columns(take=nw.col("given") if debt else nw.col("left"))


def _share(whole: str) -> nw.Expr:
    """Return a line's part of a lot's sum, where the lines after it have theirs first."""
    rest = nw.col(whole) - nw.col("after")
    return nw.max_horizontal(nw.lit(0, nw.Int64), nw.min_horizontal("amount", rest))


def _paid_back(lines: Frame, taking: Frame) -> Frame:
    """Return what claims that are undone were paid with: in proportion, where only a part is undone."""
    asked = nw.col("cause_kind") == "claim"
    undone = taking.filter(asked, nw.col("take") > 0).select(*_CAUSE, of="amount", share="take")
    paid = lines.filter(nw.col("kind") == "redeemed", nw.col("amount") < 0).join(undone, on=_CAUSE)
    back = -(-nw.col("amount") * nw.col("share") // nw.col("of"))
    nothing = nw.lit(0, nw.Int64)
    return paid.select(*_LOT, "name", "request", given=nothing, left=nothing, take=back)


def _lines(work: Work, taking: Frame, reason: str) -> Frame:
    now = nw.lit(work.run.now)
    rows = taking.with_columns(
        kind=nw.lit("reversed"), amount=-nw.col("take"), cause_kind=nw.lit("line"), cause=nw.col("name"),
        time=now, available=now, reason=nw.lit(reason),
    )  # fmt: skip
    columns: dict[str, nw.dtypes.DType] = {name: kind for name, kind in _LINE.items() if name != "id"}
    shaped = cast_like(rows, {**columns, "given": nw.Int64(), "left": nw.Int64()})
    hashed = work.session.engine.hashed(shaped, _SAME, "id")
    return hashed.select(*_LINE, "given", "left").sort("incentive", "id")


def summed(work: Work, lines: Frame) -> list[Reversal]:
    """Return what these lines do, by incentive and item; a line of amount 0 is not written."""
    take = -nw.col("amount")
    taken = nw.when(take > 0).then(take).otherwise(0)
    told = lines.with_columns(taken=taken, wrote=nw.when(take != 0).then(1).otherwise(0))
    less = nw.when(nw.col("taken") < nw.col("given")).then(nw.col("given") - nw.col("taken")).otherwise(0)
    more = nw.when(nw.col("taken") > nw.col("left")).then(nw.col("taken") - nw.col("left")).otherwise(0)
    sums = told.group_by("incentive", "item").agg(
        lines=total("wrote"),
        members=nw.col("member").n_unique().cast(nw.Int64),
        given=total("given"),
        taken=total("taken"),
        kept=total(less),
        debt=total(more),
        returned=total(nw.when(nw.col("amount") > 0).then(nw.col("amount")).otherwise(0)),
    )
    columns = list(_REVERSAL)
    rows = work.session.engine.rows(sums.select(*columns).sort("incentive", "item"))
    return [Reversal(**dict(zip(columns, row, strict=True))) for row in rows]
