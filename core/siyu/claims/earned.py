"""What facts earn: the lines that incentives settle, each decided once, within limits and budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import narwhals as nw

from siyu.claims.bounds import NOT_GIVEN, budgets, given, limits, refusal
from siyu.frames import cast_like, row_number, total
from siyu.kinds import Incentive
from siyu.moments import day_expression
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.claims.bounds import Bound
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["LINE", "earn"]

LINE = TABLES["grants"].columns

_SAME = ["incentive", "kind", "member", "item", "lot", "cause_kind", "cause"]
_GROUP = ["cause_kind", "cause"]


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
    if lines is None or not work.some(lines):
        return None
    new = work.keep(_undecided(incentive, lines, ledger))
    bounds = (*limits(incentive), *budgets(work.programme, incentive))
    return work.keep(_within_bounds(work, incentive, bounds, new, ledger)) if bounds else new


def _lines(work: Work, incentive: Incentive, given: Frame) -> Frame:
    """Give the rows the form of a ledger's lines, from the incentive's first day on and for those whom it is for."""
    begin = work.view.window(incentive)[0]
    lines = cast_like(given, LINE).with_columns(
        incentive=nw.col("incentive").fill_null(incentive.name),
        available=nw.coalesce("available", "time"),
    )
    lines = lines.filter(nw.col("time") >= begin).with_columns(expires=_ends(work, incentive))
    if incentive.to is not None:
        lines = _entitled(work, incentive, lines)
    return work.session.engine.hashed(lines.drop("id"), _SAME, "id").select(*LINE)


def _ends(work: Work, incentive: Incentive) -> nw.Expr:
    """Return when lots expire: what is given into another ledger lasts as long as that one says."""
    ends: nw.Expr = nw.col("expires")
    for name in sorted({reward.incentive for reward in incentive.rewards} - {incentive.name}):
        lasting = cast("Incentive", work.programme.component("incentive", name)).lasting
        if lasting is not None:
            given_ = (nw.col("incentive") == name) & (nw.col("amount") > 0)
            ends = nw.when(given_).then(nw.coalesce("expires", nw.col("available") + lasting)).otherwise(ends)
    return ends


def _entitled(work: Work, incentive: Incentive, lines: Frame) -> Frame:
    """Drop causes whose own line is for a member whom the incentive is not for; reversals always stand."""
    own = lines.filter(_earning(incentive))
    barred = own.join(work.view.matching(incentive.to), on="member", how="anti").select(*_GROUP).unique()
    return lines.join(barred, on=_GROUP, how="anti")


def _undecided(incentive: Incentive, lines: Frame, ledger: Frame) -> Frame:
    """Drop lines that stand in the ledger, under any id of the member, and causes that were refused."""
    same = [name for name in _SAME if name not in {"item", "lot"}]
    filled = [nw.col(name).fill_null("") for name in ("item", "lot")]
    # Of the other ledgers it writes into none, and they are long.
    names = sorted({incentive.name, *(reward.incentive for reward in incentive.rewards)})
    stored = ledger.filter(nw.col("incentive").is_in(names)).with_columns(filled).select(*_SAME)
    refused = ledger.filter(nw.col("kind") == "refused", nw.col("incentive") == incentive.name).select(*_GROUP)
    marked = lines.with_columns(_item=nw.col("item").fill_null(""), _lot=nw.col("lot").fill_null(""))
    stored = stored.rename({"item": "_item", "lot": "_lot"})
    new = marked.join(stored, on=[*same, "_item", "_lot"], how="anti").join(refused, on=_GROUP, how="anti")
    first = row_number(new, ["id"], ["time", "amount"], "_nth").filter(nw.col("_nth") == 1)
    return cast_like(first, LINE).sort("time", "id")


def _within_bounds(work: Work, incentive: Incentive, bounds: tuple[Bound, ...], lines: Frame, ledger: Frame) -> Frame:
    """Admit causes in the order of time and id against the limit and the budgets."""
    asking = work.keep(_grouped(work, lines))
    own = asking.filter(_earning(incentive))
    before = given(ledger)
    parts, rooms = [], []
    for bound in bounds:
        counted = _counted(work, bound, own)
        sharing = list(bound.rates) or [incentive.name]
        used = _counted(work, bound, before.filter(nw.col("incentive").is_in(sharing)))
        parts.append(counted.group_by("_group", "counter").agg(amount=total("_drawn")))
        rooms.append(_rooms(bound, counted.select("counter").unique(), used))
    order = own.group_by("_group").agg(nw.col("time").min())
    order = row_number(order, [], ["time", "_group"], "order").select("_group", "order")
    requests = nw.concat(parts).join(order, on="_group").rename({"_group": "id"})
    verdicts = work.keep(work.view.admit(work.keep(requests), work.keep(nw.concat(rooms))))
    refused = _reasons(bounds, verdicts.filter(nw.col("verdict") == "refused"))
    return _decided(incentive, asking, work.keep(refused))


def _earning(incentive: Incentive) -> nw.Expr:
    """Return whether a line gives something out of the incentive's own ledger: what bounds count, and may refuse."""
    own = (nw.col("incentive") == incentive.name) & (nw.col("amount") > 0)
    return own & ~nw.col("kind").is_in(list(NOT_GIVEN))


def _grouped(work: Work, lines: Frame) -> Frame:
    return work.session.engine.hashed(lines, _GROUP, "_group")


def _counted(work: Work, bound: Bound, lines: Frame) -> Frame:
    """Add the counter that each line draws on, and how much: 1 of a member's limit, what it is worth of a budget."""
    parts = [nw.lit(f"{bound.name}:"), nw.col("_period")]
    if bound.own:
        parts += [nw.lit(":"), nw.col("member").cast(nw.String)]
    drawn = nw.lit(1, nw.Int64) if bound.counts == "lines" else nw.col("amount") * _rate(bound)
    return _dated(work, bound, lines).with_columns(counter=nw.concat_str(*parts), _drawn=drawn)


def _rate(bound: Bound) -> nw.Expr:
    rate = nw.lit(1, nw.Int64)
    for name, each in bound.rates.items():
        rate = nw.when(nw.col("incentive") == name).then(nw.lit(each, nw.Int64)).otherwise(rate)
    return rate


def _dated(work: Work, bound: Bound, lines: Frame) -> Frame:
    """Add the period (String) that a line counts in."""
    if bound.per == "total":
        return lines.with_columns(_period=nw.lit(""))
    low = min(work.view.window(one)[0] for one in work.programme.of(Incentive))
    dated = lines.with_columns(day=day_expression(work.programme.brand.zone, "time", low, work.run.now))
    if bound.per == "day":
        return dated.with_columns(_period=nw.col("day").cast(nw.String))
    named = work.view.calendar.select("day", _period=nw.col(bound.per).cast(nw.String))
    return dated.join(named, on="day", how="left")


def _rooms(bound: Bound, asked: Frame, used: Frame) -> Frame:
    """Return what is left of each counter that is asked for: counter, room."""
    taken = used.group_by("counter").agg(taken=total("_drawn"))
    left = nw.lit(bound.room, nw.Int64) - nw.col("taken").fill_null(0)
    room = nw.when(left > 0).then(left).otherwise(0)
    return asked.join(taken, on="counter", how="left").select("counter", room=room)


def _reasons(bounds: tuple[Bound, ...], refused: Frame) -> Frame:
    """Say in words which bound refuses a group: _group, _reason."""
    said = nw.lit(None).cast(nw.String)
    for bound in bounds:
        full = nw.col("reason").str.starts_with(f"{bound.name}:")
        said = nw.when(full).then(nw.lit(refusal(bound.name))).otherwise(said)
    return refused.select(_group=nw.col("id"), _reason=said)


def _decided(incentive: Incentive, asking: Frame, reasons: Frame) -> Frame:
    """Return the lines of admitted causes, and one line of amount 0 for each refused one."""
    admitted = asking.join(reasons, on="_group", how="anti")
    turned = asking.filter(_earning(incentive)).join(reasons, on="_group")
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
