"""Ids that are one person: links joined into components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest

if TYPE_CHECKING:
    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["canon", "component", "current", "labels"]


def canon(engine: Engine, links: Frame) -> Frame:
    """Return each linked id's component: member, canon (the least id of it)."""
    return labels(engine, current(links))


def component(view: View, number: int) -> tuple[int, list[int]]:
    """Return the least id of a member's component, and all ids of it, the asked one among them."""
    known = view.raw["canon"]
    found = view.rows(known.filter(nw.col("member") == number).select("canon"))
    member = found[0][0] if found else number
    ids = view.rows(known.filter(nw.col("canon") == member).select("member"))
    return member, sorted({number, *(one for (one,) in ids)})


def current(links: Frame) -> Frame:
    """Return the links that hold: the newest row for a pair decides, in whichever order its ids stand."""
    low = nw.min_horizontal("a", "b")
    pairs = links.select(nw.col("seq", "undone"), low=low, high=nw.max_horizontal("a", "b"))
    newest = latest(pairs, ["low", "high"], ["seq"]).filter(~nw.col("undone"))
    return newest.select(a=nw.col("low"), b=nw.col("high"))


def labels(engine: Engine, pairs: Frame) -> Frame:
    """Give every id of the pairs (a, b) the least id that it is connected with: member, canon.

    Each round hands every id the least label of its neighbours and then that label's own, so that the distance
    halves; it ends when no label changes.
    """
    edges = engine.keep(nw.concat([pairs.select("a", "b"), pairs.select(a=nw.col("b"), b=nw.col("a"))]).unique())
    known = engine.keep(edges.select(member=nw.col("a"), canon=nw.col("a")).unique())
    while True:
        newer = engine.keep(_spread(edges, known))
        both = newer.join(known.rename({"canon": "before"}), on="member")
        if engine.rows(both.filter(nw.col("canon") != nw.col("before")).select(nw.len()))[0][0] == 0:
            return newer
        known = newer


def _spread(edges: Frame, known: Frame) -> Frame:
    of_neighbours = (
        edges.rename({"b": "member"}).join(known, on="member").select(member=nw.col("a"), canon=nw.col("canon"))
    )
    least = nw.concat([known, of_neighbours]).group_by("member").agg(nw.col("canon").min())
    onwards = known.rename({"member": "canon", "canon": "further"})
    return least.join(onwards, on="canon", how="left").select("member", canon=nw.coalesce("further", "canon"))
