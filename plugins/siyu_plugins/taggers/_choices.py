"""What members chose: one function for each dimension of preference.

Each takes events, and returns member, choice (String), unit (Int64) and day (Int32): a unit is what counts once for
a choice, and its day is the one by whose age it weighs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.units import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.units import ClockRange, Money
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ANSWERS", "bands", "categories", "entries", "parts_of_day", "themes"]

ANSWERS = ("clicked", "read", "replied")
"""The events that answer a touch, which is their ``ref``."""


def categories(view: View, orders: Frame) -> Frame:
    """Return the categories of orders' lines, or the subject of an order that has none; a unit is an order."""
    lines = view.items.filter(nw.col("category") != "").select(id="event", choice="category")
    return _chosen(_detailed(orders.with_columns(choice="subject"), lines, "choice"), "id")


def bands(view: View, orders: Frame, least: Mapping[str, Money]) -> Frame:
    """Return the bands of what a piece cost, by orders' lines, or over an order that has none; a unit is an order.

    Args:
        view: The run's view.
        orders: The orders.
        least: The bands, each with its least price; a price below all of them is in none.
    """
    lines = view.items.filter(~nw.col("amount").is_null()).select(_price(), id="event")
    priced = _detailed(orders.with_columns(_price()), lines, "price")
    choice = nw.lit(None).cast(nw.String)
    for name, bound in sorted(least.items(), key=lambda band: band[1]):
        choice = nw.when(nw.col("price") >= bound.minor).then(nw.lit(name)).otherwise(choice)
    return _chosen(priced.with_columns(choice=choice), "id")


def parts_of_day(view: View, doings: Frame, parts: Mapping[str, ClockRange], since: int) -> Frame:
    """Return the parts of the day in which members did something, by the clocks where they live; a unit is a day.

    Args:
        view: The run's view.
        doings: What they did.
        parts: The parts of the day; a moment outside all of them is in none.
        since: A second that is not after any of what they did.
    """
    zones = view.members.select("member", zone=nw.col("zone").fill_null(""))
    placed = doings.join(zones, on="member", how="inner").join(view.clocks(since), on="zone", how="inner")
    then = placed.filter(nw.col("second") >= nw.col("from"), nw.col("second") < nw.col("until"))
    clock, choice = (nw.col("second") + nw.col("offset")) % DAY, nw.lit(None).cast(nw.String)
    for name, part in parts.items():
        after, before = clock >= part.start, clock < part.end
        inside = (after & before) if part.start < part.end else (after | before)
        choice = nw.when(inside).then(nw.lit(name)).otherwise(choice)
    return _chosen(then.with_columns(choice=choice), "day")


def entries(doings: Frame) -> Frame:
    """Return the entries at which members did something; a unit is a day."""
    return _chosen(doings.with_columns(choice="entry"), "day")


def themes(view: View, events: Frame) -> Frame:
    """Return the themes of the touches that members answered; a unit is a touch, of the day of the last answer."""
    answers = events.filter(nw.col("type").is_in(ANSWERS), nw.col("ref") != "")
    newest = answers.group_by("member", "ref").agg(nw.col("day").max())
    touches = view.touches.select("id", "content", ref=nw.col("id").cast(nw.String))
    told = touches.join(view.contents, on="content", how="inner")
    return _chosen(newest.join(told, on="ref", how="inner").with_columns(choice="theme"), "id")


def _price() -> nw.Expr:
    """Return what a piece cost, rounded down; what does not say how many they were is one."""
    pieces = nw.when(nw.col("quantity") > 1).then(nw.col("quantity")).otherwise(1)
    return (nw.col("amount") // pieces).cast(nw.Int64).alias("price")


def _detailed(orders: Frame, lines: Frame, column: str) -> Frame:
    """Return id, member, day and a column of orders' lines, and for orders without lines of their own column."""
    columns = ["id", "member", "day", column]
    told = orders.drop(column).join(lines, on="id", how="inner").select(*columns)
    return nw.concat([told, orders.join(lines, on="id", how="anti").select(*columns)])


def _chosen(rows: Frame, unit: str) -> Frame:
    known = rows.filter(nw.col("choice") != "")
    return known.select("member", "choice", "day", unit=nw.col(unit).cast(nw.Int64)).unique()
