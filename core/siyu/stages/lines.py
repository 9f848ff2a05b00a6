"""The lines of orders: they have no id of their own, so those of an order come together, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.frames import total
from siyu.revisions import whole
from siyu.stages.raw import rejects

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["Lines", "ordered"]

_LINE = ["event", "sku", "category", "quantity", "amount"]


@frozen
class Lines:
    """The lines to keep, those refused, as rejects, and the events whose earlier lines they take the place of."""

    rows: Frame
    refused: tuple[Frame, ...]
    revised: Frame | None = None


def ordered(work: Work, rows: Frame, *, revises: bool) -> Lines:
    """Return the lines of orders that have none yet; one of an order that nobody knows, or that has others, is refused.

    Args:
        work: The pass.
        rows: Prepared lines.
        revises: Whether other lines of an order take the place of its earlier ones.
    """
    events = whole(work, "events").select(event=nw.col("id"))
    placed = work.keep(rows.join(events, on="event", how="semi").sort("_row"))
    orphans = rows.join(events, on="event", how="anti").with_columns(reason=nw.lit("its order is not known"))
    lined = work.keep(work.view.raw["items"].join(rows.select("event").unique(), on="event", how="semi"))
    new = placed.join(lined.select("event").unique(), on="event", how="anti")
    again = work.keep(_hashed(work, placed.join(lined.select("event").unique(), on="event", how="semi")))
    ever = whole(work, "items").join(again.select("event").unique(), on="event", how="semi")
    unsaid = again.join(_hashed(work, ever).select("_content").unique(), on="_content", how="anti")
    if not revises:
        others = unsaid.with_columns(reason=nw.lit("its order came before with other lines"))
        refused = (work.keep(rejects(orphans, "items")), work.keep(rejects(others, "items")))
        return Lines(work.keep(new.sort("_row")), refused)
    revised = work.keep(_differing(work, again, _hashed(work, lined), unsaid))
    both = nw.concat([new, again.join(revised, on="event", how="semi").drop("_content")])
    return Lines(work.keep(both.sort("_row")), (work.keep(rejects(orphans, "items")),), revised)


def _hashed(work: Work, rows: Frame) -> Frame:
    return work.session.engine.hashed(rows, _LINE, "_content")


def _differing(work: Work, again: Frame, lined: Frame, unsaid: Frame) -> Frame:
    """Return the orders whose lines differ from those that count: event.

    Lines that were all said before are of an earlier version, unless their order was revised with them.
    """
    counts = [
        rows.with_columns(one=nw.lit(1, nw.Int64)).group_by("event", "_content").agg(n=total("one"))
        for rows in (again, lined)
    ]
    pairs = [(counts[0], counts[1]), (counts[1], counts[0])]
    differ = nw.concat(
        [one.join(other, on=["event", "_content", "n"], how="anti").select("event") for one, other in pairs]
    )
    revised = [keys.select(event="id") for _, keys in work.revised.get("events", ())]
    anew = nw.concat([unsaid.select("event"), *revised]).unique()
    return differ.unique().join(anew, on="event", how="semi")
