"""A draw: which places in a list of tickets win, as frames for the ledger, and in plain words for whoever checks it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import next_after, row_number, total
from siyu_plugins.incentives._seed import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["redrawn", "winners"]

_TRIES = 100
"""How many numbers are taken for each prize, at most."""


def winners(view: View, tickets: Frame, places: Sequence[str], wins: int, seed: str, name: str) -> Frame | None:
    """Draw among tickets; None where there is none.

    Args:
        view: The pass.
        tickets: member, number, amount, one row a ticket: amount is how often it stands in the list.
        places: The prizes in the order in which they are drawn, one each.
        wins: How many of them one member may win.
        seed: The seed.
        name: The lottery's name.

    Returns:
        place (Int64, from 1), prize, member, number, pick (which of the seed's numbers), at (the place in the list)
        and length (of the list).
    """
    upto = nw.col("amount").cum_sum().over(order_by=["number"]).cast(nw.Int64)
    listed = view.keep(tickets.with_columns(at=upto - 1, list=nw.lit(1)))
    length = view.rows(listed.select(total("amount")))[0][0]  # portable: one number
    if not length:
        return None
    named = _named(seed, name, places, length)
    picks = view.table({"at": named, "pick": named.values()}, {"at": nw.Int64(), "pick": nw.Int64()})
    found = next_after(picks.with_columns(list=nw.lit(1)), listed, by=["list"], at="at", name="last", inclusive=True)
    owners = found.join(listed.select("member", "number", last="at"), on="last", how="inner")
    fair = row_number(owners, ["member"], ["pick"], "nth").filter(nw.col("nth") <= wins)
    placed = row_number(fair, [], ["pick"], "place")
    prizes = view.table(
        {"place": range(1, len(places) + 1), "prize": places}, {"place": nw.Int64(), "prize": nw.String()}
    )
    won = placed.join(prizes, on="place", how="inner").with_columns(length=nw.lit(length, nw.Int64))
    return won.select("place", "prize", "member", "number", "pick", "at", "length")


def redrawn(
    tickets: Iterable[tuple[int, int, int]], places: Sequence[str], wins: int, seed: str, name: str
) -> list[tuple[str, int]]:
    """Draw anew, one number after another, as the manual tells it: return the prize and the ticket of each winner.

    Args:
        tickets: The number, the member and how often it counts, of each ticket.
        places: The prizes in the order in which they are drawn, one each.
        wins: How many of them one member may win.
        seed: The seed.
        name: The lottery's name.
    """
    listed = [(number, member) for number, member, times in sorted(tickets) for _ in range(times)]
    found: list[tuple[str, int]] = []
    had: Counter[int] = Counter()
    for place in _named(seed, name, places, len(listed)) if listed else ():
        number, member = listed[place]
        if had[member] < wins and len(found) < len(places):
            had[member] += 1
            found.append((places[len(found)], number))
    return found


def _named(seed: str, name: str, places: Sequence[str], length: int) -> dict[int, int]:
    """Return the places in the list that are named, each with the first number that names it, in that order."""
    named: dict[int, int] = {}
    for pick, place in enumerate(numbers(seed, name, _TRIES * len(places), length)):
        named.setdefault(place, pick)
    return named
