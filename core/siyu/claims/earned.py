"""What facts earn: the lines that incentives settle, each decided once, within limits and budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, row_number, total
from siyu.moments import day_expression
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame, Incentive, Period
    from siyu.work import Work

__all__ = ["LINE", "earn"]

LINE = TABLES["grants"].columns

_SAME = ["incentive", "kind", "member", "item", "lot", "cause_kind", "cause"]
_GROUP = ["cause_kind", "cause"]
_PERIODS = {"week": "week", "month": "month", "quarter": "quarter", "year": "year"}


def earn(work: Work, incentive: Incentive, ledger: Frame) -> Frame | None:
    """Return the new lines of one incentive, and those it writes into other ledgers; None for none.

    Lines of one cause stand or fall together. A refused cause leaves a line of amount 0, so that it is decided
    once and for all.

    Args:
        work: The pass.
        incentive: The incentive, asked with everything that was settled before it in view.
        ledger: All lines so far, those of this pass included.
    """
    with work.attributed(incentive):
        given = incentive.settle(work.view)
        lines = work.keep(_lines(work, incentive, given)) if given is not None else None
    if lines is None or not work.size(lines.head(1)):
        return None
    new = work.keep(_undecided(incentive, lines, ledger))
    if incentive.limit is None and incentive.budget is None:
        return new
    return work.keep(_within_bounds(work, incentive, new, ledger))


def _lines(work: Work, incentive: Incentive, given: Frame) -> Frame:
    """Give the rows the form of a ledger's lines, from the incentive's first day on and for those whom it is for."""
    begin = work.view.window(incentive)[0]
    lines = cast_like(given, LINE).with_columns(
        incentive=nw.col("incentive").fill_null(incentive.name),
        available=nw.coalesce("available", "time"),
    )
    lines = lines.filter(nw.col("time") >= begin)
    if incentive.to is not None:
        lines = _entitled(work, incentive, lines)
    return work.session.engine.hashed(lines.drop("id"), _SAME, "id").select(*LINE)


def _entitled(work: Work, incentive: Incentive, lines: Frame) -> Frame:
    """Drop causes whose own line is for a member whom the incentive is not for; reversals always stand."""
    own = lines.filter(nw.col("incentive") == incentive.name, nw.col("amount") > 0)
    barred = own.join(work.view.matching(incentive.to), on="member", how="anti").select(*_GROUP).unique()
    return lines.join(barred, on=_GROUP, how="anti")


def _undecided(incentive: Incentive, lines: Frame, ledger: Frame) -> Frame:
    """Drop lines that stand in the ledger, under any id of the member, and causes that were refused."""
    same = [name for name in _SAME if name not in {"item", "lot"}]
    filled = [nw.col(name).fill_null("") for name in ("item", "lot")]
    stored = ledger.with_columns(filled).select(*_SAME).unique()
    refused = ledger.filter(nw.col("kind") == "refused", nw.col("incentive") == incentive.name).select(*_GROUP).unique()
    marked = lines.with_columns(_item=nw.col("item").fill_null(""), _lot=nw.col("lot").fill_null(""))
    stored = stored.rename({"item": "_item", "lot": "_lot"})
    new = marked.join(stored, on=[*same, "_item", "_lot"], how="anti").join(refused, on=_GROUP, how="anti")
    first = row_number(new, ["id"], ["time", "amount"], "_nth").filter(nw.col("_nth") == 1)
    return cast_like(first, LINE).sort("time", "id")


def _within_bounds(work: Work, incentive: Incentive, lines: Frame, ledger: Frame) -> Frame:
    """Admit causes in the order of time and id against the limit and the budget."""
    mine = (nw.col("incentive") == incentive.name) & (nw.col("amount") > 0)
    asking = work.keep(_grouped(work, lines))
    own = asking.filter(mine)
    parts, rooms = [], []
    for name, bound, per in _bounds(incentive):
        counted = _counted(work, incentive, own, name, per)
        used = _counted(work, incentive, _grouped(work, ledger.filter(mine)), name, per)
        parts.append(counted.group_by("_group", "counter").agg(amount=total("_drawn")))
        asked = counted.select("counter").unique()
        taken = used.group_by("counter").agg(taken=total("_drawn"))
        left = nw.lit(bound, nw.Int64) - nw.col("taken").fill_null(0)
        room = nw.when(left > 0).then(left).otherwise(0)
        rooms.append(asked.join(taken, on="counter", how="left").select("counter", room=room))
    order = own.group_by("_group").agg(nw.col("time").min())
    order = row_number(order, [], ["time", "_group"], "order").select("_group", "order")
    requests = nw.concat(parts).join(order, on="_group").rename({"_group": "id"})
    verdicts = work.keep(work.view.admit(work.keep(requests), work.keep(nw.concat(rooms))))
    return _decided(incentive, asking, verdicts.filter(nw.col("verdict") == "refused"))


def _bounds(incentive: Incentive) -> list[tuple[str, int, Period]]:
    """Return the bounds of an incentive: which, how much, per which period."""
    bounds: list[tuple[str, int, Period]] = []
    if incentive.limit is not None:
        bounds.append(("limit", incentive.limit.times, incentive.limit.per))
    bounds += [(f"budget {number}", budget.units, budget.per) for number, budget in enumerate(incentive.budgets)]
    return bounds


def _grouped(work: Work, lines: Frame) -> Frame:
    return work.session.engine.hashed(lines, _GROUP, "_group")


def _counted(work: Work, incentive: Incentive, lines: Frame, name: str, per: Period) -> Frame:
    """Add the counter that each line draws on, and how much: 1 of a member's limit, its amount of the budget."""
    begin = work.view.window(incentive)[0]
    dated = lines.with_columns(day=day_expression(work.programme.brand.zone, "time", begin, work.run.now))
    period = nw.col("day").cast(nw.String)
    if per in _PERIODS:
        dated = dated.join(work.view.calendar.select("day", _period=nw.col(_PERIODS[per])), on="day", how="left")
        period = nw.col("_period").cast(nw.String)
    elif per == "total":
        period = nw.lit("")
    parts = [nw.lit(f"{name}:"), period]
    if name == "limit":
        parts += [nw.lit(":"), nw.col("member").cast(nw.String)]
    drawn = nw.lit(1, nw.Int64) if name == "limit" else nw.col("amount")
    return dated.with_columns(counter=nw.concat_str(*parts), _drawn=drawn)


def _decided(incentive: Incentive, asking: Frame, refused: Frame) -> Frame:
    """Return the lines of admitted causes, and one line of amount 0 for each refused one."""
    said = nw.when(nw.col("reason").str.starts_with("limit")).then(nw.lit("the member's limit is reached"))
    reasons = refused.select(_group=nw.col("id"), _reason=said.otherwise(nw.lit("the budget is spent")))
    admitted = asking.join(reasons, on="_group", how="anti")
    turned = asking.filter(nw.col("incentive") == incentive.name, nw.col("amount") > 0).join(reasons, on="_group")
    zero = turned.with_columns(kind=nw.lit("refused"), amount=nw.lit(0, nw.Int64), reason=nw.col("_reason"))
    standing = _without_reversals(cast_like(admitted, LINE), turned)
    return nw.concat([standing, cast_like(zero, LINE)]).sort("time", "id")


def _without_reversals(lines: Frame, turned: Frame) -> Frame:
    """Drop the reversals of lots that were refused: there is nothing to take back."""
    filled = {f"_{name}": nw.col(name).fill_null("") for name in ("item", "lot")}
    lots = turned.select("incentive", "member", **filled).unique()
    marked = lines.with_columns(**filled)
    reversals = marked.filter(nw.col("amount") <= 0).join(lots, on=["incentive", "member", *filled], how="anti")
    return cast_like(nw.concat([marked.filter(nw.col("amount") > 0), reversals]), LINE)
