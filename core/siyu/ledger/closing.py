"""Closed months: what each ledger held at each place, what moved it, and what it held in the end, for good.

A month takes in all lines up to its end that are in the store when it is closed. A line that is written afterwards
belongs to the month that is closed next, whatever its time: there it counts, and is marked as late. So a statement
never changes, and what one month closes with is what the next one opens with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import cast_like, total
from siyu.kinds import Incentive
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.ledger.months import Closed, Month
    from siyu.view import View

__all__ = ["MOVEMENTS", "closing"]

MOVEMENTS = {
    "earned": "earned",
    "opened": "opened",
    "granted": "granted",
    "reserved": "granted",
    "confirmed": "granted",
    "released": "granted",
    "redeemed": "redeemed",
    "restored": "redeemed",
    "expired": "expired",
    "reversed": "reversed",
    "corrected": "corrected",
    "transferred": "transferred",
    "covered": "transferred",
}
"""The column of a statement that a kind of line counts in; the kinds of a plugin's own count as earned."""

_COLUMNS = tuple(dict.fromkeys(MOVEMENTS.values()))
_KEY = ["place", "incentive"]
_SUMS = ("opening", *_COLUMNS, "closing", "late", "late_lines")


def closing(view: View, programme: Programme, month: Month, until: int, before: Closed | None, last: int) -> Frame:
    """Return the statement of a month: the rows of ``closings``, in order.

    ``opening`` and the movements sum up to ``closing``. ``moved`` is what changed its place with the members: it sums
    to 0 over the places of an incentive. ``late`` is the part of the movements whose time lies before the month,
    ``late_lines`` how many lines that is. ``value`` is what the closing balance, and ``breakage`` what expired in
    the month, cost the brand by the incentive's ``worth``, in minor units and rounded down; null where it has none.

    Args:
        view: All lines, and where the members belong.
        programme: The config.
        month: The month.
        until: The first second after it.
        before: The month before it, where that is closed; the first one opens with all lines before it.
        last: The last ``seq`` that counts.
    """
    begin = month.begin(programme.brand.zone)
    lines = view.keep(_placed(view, until, last))
    late = (nw.col("time") < begin) if before is not None else nw.lit(value=False)
    new = late & (nw.col("seq") > before.watermark) if before is not None else late
    moving = lines.with_columns(late=new).filter(new | (nw.col("time") >= begin))
    sums = [_opening(view, lines, begin, before), _moved(moving), _grouped(lines, closing=total("amount"))]
    held = view.keep(nw.concat([cast_like(part, _schema()) for part in sums]))
    both = held.group_by(*_KEY).agg(*(total(name).alias(name) for name in _SUMS))
    rows = nw.concat([both, _still(view, programme, both)])
    movements = nw.sum_horizontal(*_COLUMNS)
    closed = rows.with_columns(
        month=nw.lit(str(month)), until=nw.lit(until), watermark=nw.lit(last),
        moved=nw.col("closing") - nw.col("opening") - movements,
    )  # fmt: skip
    return _valued(view, programme, closed).sort("incentive", "place")


def _schema() -> dict[str, nw.dtypes.DType]:
    columns = TABLES["closings"].columns
    return {name: columns[name] for name in (*_KEY, *_SUMS)}


def _placed(view: View, until: int, last: int) -> Frame:
    """Return the lines that count, with the place that their member belongs to now."""
    places = view.members.select("member", "place")
    counted = view.grants.filter(nw.col("time") < until, nw.col("seq") <= last)
    placed = counted.join(places, on="member", how="left").with_columns(nw.col("place").fill_null(""))
    return placed.select(*_KEY, "kind", "amount", "time", "seq")


def _grouped(lines: Frame, **sums: nw.Expr) -> Frame:
    return lines.group_by(*_KEY).agg(**sums)


def _opening(view: View, lines: Frame, begin: int, before: Closed | None) -> Frame:
    if before is None:
        return _grouped(lines.filter(nw.col("time") < begin), opening=total("amount"))
    stored = view.raw["closings"].filter(nw.col("month") == str(before.month))
    return stored.select(*_KEY, opening=nw.col("closing"))


def _moved(lines: Frame) -> Frame:
    known = [kind for kind, column in MOVEMENTS.items() if column != "earned"]
    kinds = {column: [kind for kind, at in MOVEMENTS.items() if at == column] for column in _COLUMNS}
    holds = {column: nw.col("kind").is_in(those) for column, those in kinds.items()}
    holds["earned"] = ~nw.col("kind").is_in(known)
    sums = {column: total(nw.when(those).then(nw.col("amount")).otherwise(0)) for column, those in holds.items()}
    late = nw.when(nw.col("late"))
    return _grouped(
        lines, **sums, late=total(late.then(nw.col("amount")).otherwise(0)), late_lines=total(late.then(1).otherwise(0))
    )


def _still(view: View, programme: Programme, moved: Frame) -> Frame:
    """Return a row of zeros for each incentive that has no line yet, so that its next month opens with 0."""
    names = [one.name for one in programme.of(Incentive)]
    zeros = {name: [0] * len(names) for name in _SUMS}
    columns: dict[str, list[Any]] = {"incentive": names, "place": [""] * len(names), **zeros}
    empty = view.table(columns, {name: TABLES["closings"].columns[name] for name in columns})
    return empty.join(moved, on="incentive", how="anti").select(*_KEY, *_SUMS)


def _valued(view: View, programme: Programme, rows: Frame) -> Frame:
    worth = [(one.name, one.worth.units, one.worth.amount.minor) for one in programme.of(Incentive) if one.worth]
    schema = {"incentive": nw.String(), "units": nw.Int64(), "minor": nw.Int64()}
    costs = view.table({name: [row[at] for row in worth] for at, name in enumerate(schema)}, schema)
    valued = rows.join(costs, on="incentive", how="left").with_columns(
        value=nw.col("closing") * nw.col("minor") // nw.col("units"),
        breakage=-nw.col("expired") * nw.col("minor") // nw.col("units"),
    )
    return cast_like(valued, TABLES["closings"].columns)
