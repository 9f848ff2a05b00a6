"""Circles of invitations, of any length: the last pair, which closes one, counts for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame

__all__ = ["closing"]

_ROUNDS = 16
"""How often the way up is doubled: circles of up to 65,536 members are found."""


def closing(view: View, pairs: Frame) -> Frame:
    """Return the pairs that close a circle, the latest of each: join.

    Everybody has one inviter at most, so a way up that never ends has come into a circle, and those whom the ways lead
    to after so many steps are just its members. Each round doubles the steps of every way and drops those that end;
    nearly all do in the first rounds.

    Args:
        view: The view.
        pairs: friend, inviter, join, start.
    """
    others = pairs.filter(nw.col("friend") != nw.col("inviter"))
    ranked = view.keep(row_number(others, [], ["start", "join"], "rank"))
    ways = ranked.select("friend", "rank", above="inviter")
    for _ in range(_ROUNDS):
        ways = view.keep(_doubled(ways))
        if not view.rows(ways.head(1)):  # portable: only whether there is any way left, to stop early
            break
    circle = ways.join(ways.select(friend="above"), on="friend", how="semi")
    return ranked.join(circle.select("rank").unique(), on="rank", how="semi").select("join")


def _doubled(ways: Frame) -> Frame:
    """Return the ways of twice as many steps, each with the highest rank of the pairs that it goes over."""
    further = ways.select(above="friend", higher="rank", further="above")
    return ways.join(further, on="above", how="inner").select(
        "friend", rank=nw.max_horizontal("rank", "higher"), above="further"
    )
