"""What speaks against a pair: something in common with the inviter, families of look-alikes, and bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import long, row_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu import View
    from siyu.kinds import Frame
    from siyu_plugins.incentives._referral_rules import Burst

__all__ = ["alike", "bursts", "families", "marks"]

_MARK = ["mark", "value"]
_NEVER = 2**62


def marks(view: View, pairs: Frame, fields: Sequence[str]) -> Frame:
    """Return what tells who stands behind the people of pairs: member, mark, value, since (its first second).

    A mark is a field of events, or ``id``: an id that so many members share that it joins nobody.

    Args:
        view: The view.
        pairs: friend, inviter.
        fields: The fields.
    """
    people = nw.concat([pairs.select(member="friend"), pairs.select(member="inviter")]).unique()
    found = [_shared(view)]
    if fields:
        told = view.events.filter(~nw.col("props").is_null()).join(people, on="member", how="semi")
        read = view.fields(told.select("member", "second", "props"), dict.fromkeys(fields, nw.String()))
        values = long(read, ["member", "second"], fields, "mark", "value").filter(nw.col("value").fill_null("") != "")
        found.append(values.group_by("member", *_MARK).agg(since=nw.col("second").min()))
    return nw.concat([frame.select("member", *_MARK, "since") for frame in found]).join(people, on="member", how="semi")


def _shared(view: View) -> Frame:
    pair = {"low": nw.min_horizontal("a", "b"), "high": nw.max_horizontal("a", "b")}
    links = view.raw["links"].select("a", "b", "time", **pair, parted=nw.col("undone").fill_null(value=False))
    standing = links.join(links.filter(nw.col("parted")).select("low", "high"), on=["low", "high"], how="anti")
    shared = view.raw["shared"].select("member").unique()
    ends = [
        standing.join(shared, left_on=end, right_on="member", how="semi").select("time", member=other, value=end)
        for end, other in (("a", "b"), ("b", "a"))
    ]
    named = view.resolve(nw.concat(ends)).with_columns(mark=nw.lit("id"), value=nw.col("value").cast(nw.String))
    return named.group_by("member", *_MARK).agg(since=nw.col("time").min())


def alike(counted: Frame, found: Frame) -> Frame:
    """Return the pairs whose two have a mark in common: join, reason.

    Args:
        counted: friend, inviter, join, time.
        found: The marks.
    """
    friends = found.select(*_MARK, friend="member", first="since")
    inviters = found.select(*_MARK, inviter="member", second="since")
    both = counted.join(friends, on="friend", how="inner").join(inviters, on=["inviter", *_MARK], how="inner")
    known = both.filter(nw.max_horizontal("first", "second") <= nw.col("time"))
    return _reasoned(known, "the friend and the inviter have the same ")


def families(pairs: Frame, counted: Frame, found: Frame, friends: int) -> Frame:
    """Return the pairs whose friend has a mark in common with too many others: join, reason.

    Args:
        pairs: friend: of all pairs, whoever invited them.
        counted: friend, join, time.
        found: The marks.
        friends: How many may have a mark in common.
    """
    having = found.join(pairs.select(member="friend"), on="member", how="semi")
    nth = row_number(having, _MARK, ["since", "member"], "nth").filter(nw.col("nth") == friends + 1)
    family = having.join(nth.select(*_MARK, reached="since"), on=_MARK, how="inner")
    both = counted.join(family.rename({"member": "friend"}), on="friend", how="inner")
    known = both.filter(nw.max_horizontal("since", "reached") <= nw.col("time"))
    return _reasoned(known, f"more than {friends} friends have the same ")


def bursts(pairs: Frame, counted: Frame, burst: Burst) -> Frame:
    """Return the pairs whose friend is one of too many of the inviter who joined in a span: join, reason.

    Args:
        pairs: inviter, join, start: all pairs, since those that do not count make a burst as well.
        counted: join, time.
        burst: How many are too many.
    """
    known = counted.join(_spans(pairs, burst), on="join", how="inner").filter(nw.col("reached") <= nw.col("time"))
    reason = f"more than {burst.friends} friends of the inviter joined within {burst.within}"
    return known.select("join", reason=nw.lit(reason))


def _spans(pairs: Frame, burst: Burst) -> Frame:
    """Return the pairs that share a span with too many others: join, reached (when the earliest such span was full)."""
    by, order = ["inviter"], ["start", "join"]
    nth = row_number(pairs.select("inviter", "join", "start"), by, order, "nth")
    ahead = nth.with_columns(ahead=nw.col("start").shift(-burst.friends).over(*by, order_by=order))
    full = (nw.col("ahead") - nw.col("start") < burst.within.seconds).fill_null(value=False)
    begun = ahead.with_columns(
        begin=nw.when(full).then(nw.col("nth")).otherwise(_NEVER).cast(nw.Int64),
        reached=nw.when(full).then(nw.col("ahead")).otherwise(_NEVER).cast(nw.Int64),
    )
    following = begun.with_columns(
        nw.col(name).cum_min(reverse=True).over(*by, order_by=order) for name in ("begin", "reached")
    )
    # The earliest row that can share a span with this one is as many rows before it as a span may hold.
    earliest = {
        f"least_{name}": nw.coalesce(
            nw.col(name).shift(burst.friends).over(*by, order_by=order), nw.col(name).min().over(*by)
        )
        for name in ("begin", "reached")
    }
    found = following.with_columns(**earliest).filter(nw.col("least_begin") <= nw.col("nth"))
    return found.select("join", reached="least_reached")


def _reasoned(known: Frame, start: str) -> Frame:
    return known.select("join", reason=nw.concat_str(nw.lit(start), nw.col("mark"))).unique()
