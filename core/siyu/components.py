"""Ids that are one person: links joined into components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest

if TYPE_CHECKING:
    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ROTATED", "component", "current", "ends", "labels", "neighbours", "together"]

ROTATED = "key rotation"
"""The evidence that two ids are one outside id, hashed with an older and a newer key of the brand's."""

_PAIR = ["a", "b"]


def component(view: View, number: int) -> tuple[int, list[int]]:
    """Return the least id of a member's component, and all ids of it, the asked one among them."""
    known = view.raw["canon"]
    found = view.rows(known.filter(nw.col("member") == number).select("canon"))
    member = found[0][0] if found else number
    ids = view.rows(known.filter(nw.col("canon") == member).select("member"))
    return member, sorted({number, *(one for (one,) in ids)})


def together(canon: Frame, members: Frame) -> Frame:
    """Return these ids, and all that are joined with them: member."""
    components = members.join(canon, on="member").select("canon").unique()
    joined = canon.join(components, on="canon", how="semi").select("member")
    return nw.concat([members.select("member"), joined]).unique()


def ends(links: Frame) -> Frame:
    """Return the ids that links name: member."""
    return nw.concat([links.select(member=nw.col("a")), links.select(member=nw.col("b"))]).unique()


def neighbours(links: Frame, members: Frame) -> Frame:
    """Return these ids, and all that any link names together with one of them: member."""
    there = links.join(members, left_on="a", right_on="member", how="semi").select(member=nw.col("b"))
    back = links.join(members, left_on="b", right_on="member", how="semi").select(member=nw.col("a"))
    return nw.concat([members.select("member"), there, back]).unique()


def current(links: Frame) -> Frame:
    """Return the links that hold: a (the lesser id), b, since (a ``seq``), rotated (whether it is a key rotation).

    Evidence joins a pair, in whichever order its ids stand, until a person parts it. Then people alone decide, by
    their statement of the latest moment, of one moment by the last: evidence that comes again must not undo it.
    """
    rotated = (nw.col("evidence") == ROTATED).fill_null(value=False)
    stated = links.select(
        "seq", "undone", "time", "by_hand", rotated=rotated, a=nw.min_horizontal(*_PAIR), b=_greater()
    )
    pairs = stated.filter(nw.col("a") < nw.col("b"))
    # Few pairs were ever parted: only these are worth an ordering.
    parted = pairs.filter(nw.col("undone")).select(*_PAIR).unique()
    plain = pairs.join(parted, on=_PAIR, how="anti")
    flag = nw.when(nw.col("rotated")).then(nw.lit(1)).otherwise(nw.lit(0)).max()
    sure = plain.group_by(*_PAIR).agg(since=nw.col("seq").min(), rotated=flag)
    said = pairs.filter(nw.col("by_hand") | nw.col("undone")).join(parted, on=_PAIR, how="semi")
    newest = latest(said, _PAIR, ["time", "seq"]).filter(~nw.col("undone"))
    columns = [*_PAIR, "since", "rotated"]
    joined = sure.with_columns(nw.col("rotated") == 1).select(*columns)
    return nw.concat([joined, newest.select(*_PAIR, "rotated", since=nw.col("seq")).select(*columns)])


def _greater() -> nw.Expr:
    return nw.max_horizontal(*_PAIR)


def labels(engine: Engine, pairs: Frame) -> Frame:
    """Give every id of the pairs (a, b) the least id that it is connected with: member, canon.

    Each round hangs every id below its least neighbour, lets the trees that this makes collapse into their roots,
    and goes on with the pairs of roots that are still to be joined: these get fewer quickly, whatever the shape.
    """
    edges = engine.keep(_ordered(pairs))
    nodes, found = ends(edges), None
    while engine.some(edges):
        parents = edges.group_by("b").agg(canon=nw.col("a").min())
        roots = _collapsed(engine, engine.keep(parents.select("canon", member=nw.col("b"))))
        found = roots if found is None else engine.keep(_onto(found, roots))
        edges = engine.keep(_ordered(_moved(_moved(edges, roots, "a"), roots, "b")))
    if found is None:
        return nodes.select("member", canon=nw.col("member"))
    least = found.select(member=nw.col("canon"), canon=nw.col("canon")).unique()
    return engine.keep(nw.concat([found.select("member", "canon"), least]))


def _ordered(pairs: Frame) -> Frame:
    """Return each pair of two ids once, the lesser one first."""
    turned = pairs.select(a=nw.min_horizontal(*_PAIR), b=_greater())
    return turned.filter(nw.col("a") < nw.col("b")).unique()


def _collapsed(engine: Engine, parents: Frame) -> Frame:
    """Return for each id below another the root above it; the way up halves with every step."""
    while True:
        above = parents.rename({"member": "canon", "canon": "further"})
        if not engine.some(parents.join(above, on="canon", how="semi")):
            return parents
        further = parents.join(above, on="canon", how="left")
        parents = engine.keep(further.select("member", canon=nw.coalesce("further", "canon")))


def _moved(edges: Frame, roots: Frame, column: str) -> Frame:
    above = roots.select(nw.col("member").alias(column), nw.col("canon").alias("root"))
    other = "b" if column == "a" else "a"
    return edges.join(above, on=column, how="left").select(nw.coalesce("root", column).alias(column), other)


def _onto(found: Frame, roots: Frame) -> Frame:
    """Return the roots of all ids that hung below another so far, with those that this round hung up."""
    above = roots.rename({"member": "canon", "canon": "further"})
    moved = found.join(above, on="canon", how="left").select("member", canon=nw.coalesce("further", "canon"))
    return nw.concat([moved, roots.select("member", "canon")])
