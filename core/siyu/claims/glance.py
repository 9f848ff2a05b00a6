"""Claims that are refused at a glance: of a million who ask for what is sold out, the desk need not draw for each.

A glance looks at the same counters as the desk, and refuses what finds one of them without room. Everything else is
decided by the desk, so that the answers are the same.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from attrs import define, field

from siyu.claims.bounds import Bound, refusal
from siyu.claims.columns import Columns
from siyu.claims.lines import Claim, Line, Payment, answered
from siyu.keys import hashed_all

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from siyu.claims.asking import Asking, People
    from siyu.claims.desk import Desk
    from siyu.claims.terms import Offer

__all__ = ["decided"]


def decided(desk: Desk, earlier: Sequence[Claim | Payment], asking: Asking, people: People) -> Columns:
    """Decide what came before, then claims that have no answer yet, in their order.

    Args:
        desk: The desk.
        earlier: What the log had that the desk had not seen.
        asking: The claims, no two of them with the same event.
        people: Whom they are about.

    Returns:
        The ledger's new lines.
    """
    said = zip(asking.second, asking.incentive, asking.item, strict=True)
    kinds = [(kind, len(list(same))) for kind, same in groupby(said)]
    desk.open([*earlier, *_paying(desk, asking, people)])
    lines = Columns()
    for move in earlier:
        lines.add(desk.take(move))
    begin, second = 0, None
    for kind, size in kinds:
        places = range(begin, begin + size)
        if kind[0] != second:
            # What fell back by then has to be released first, which the desk does with the first claim of a second.
            second = kind[0]
            lines.add(desk.take(asking.claim(begin, people)))
            places = places[1:]
        _decide(desk, _glance(desk, *kind) if places else None, (asking, people), places, lines)
        begin += size
    return lines


def _decide(
    desk: Desk, glance: _Glance | None, asked: tuple[Asking, People], places: Iterable[int], lines: Columns
) -> None:
    """Decide the claims at these places, of one item and second."""
    asking, people = asked
    # A refusal draws on nothing, so that it is all the same whether the next claim is looked at before or after it.
    for full, same in groupby(places, partial(glance.full, asking, people) if glance else _unknown):
        if glance is not None and full is not None:
            glance.refuse(full, asking, people, list(same), lines)
        else:
            for place in same:
                lines.add(desk.take(asking.claim(place, people)))


def _unknown(_: int) -> None:
    """Return for each place that the desk has to look."""


def _paying(desk: Desk, asking: Asking, people: People) -> list[Claim]:
    """Return the claims that something else than counters decides: they are looked up together."""
    items = set(zip(asking.incentive, asking.item, strict=True))
    intricate = {key for key in items if key in desk.offers and _intricate(desk.offers[key])}
    if not intricate:
        return []
    keys = enumerate(zip(asking.incentive, asking.item, strict=True))
    return [asking.claim(place, people) for place, key in keys if key in intricate]


@define
class _Glance:
    """One item at one second.

    Attributes:
        desk: The desk.
        offer: What is offered.
        second: The second.
        counters: The counters in the order of their names, of which the first without room is the reason.
        early: The members who may draw on another stock first.
        entitled: The members whom it is for; None for all.
        told: What is told of each refusal, the same to all, by its counter.
        needs: What a claim needs of each counter, by its quantity.
    """

    desk: Desk
    offer: Offer
    second: int
    counters: Sequence[tuple[str, Bound]]
    early: Collection[int]
    entitled: Collection[int] | None
    told: dict[str, Line] = field(factory=dict)
    needs: dict[int, list[tuple[str, bool, int, int]]] = field(factory=dict)

    def full(self, asking: Asking, people: People, place: int) -> str | None:
        """Return the first counter without room for a claim; None where there is none, or the desk has to look."""
        member, quantity = people.asking[place], asking.quantity[place]
        barred = self.entitled is not None and member not in self.entitled
        if quantity < 1 or barred or member in self.early or asking.request[place] in self.desk.held.paid:
            return None
        rooms = self.desk.rooms.fold.rooms
        for name, own, room, need in self.needs.get(quantity) or self._needs(quantity):
            if rooms.get(f"{name}{member}" if own else name, room) < need:
                return name
        return None

    def refuse(self, full: str, asking: Asking, people: People, places: Sequence[int], lines: Columns) -> None:
        """Refuse the claims at these places, which all find the same counter full."""
        told = self.told.get(full) or self._told(full)
        events = [asking.event[place] for place in places]
        self.desk.answered.update(dict.fromkeys(events, told))
        own: dict[str, list[Any]] = {"cause": list(map(str, events))}
        own["id"] = hashed_all(self.desk.key, own["cause"], told.incentive, "claim")
        own["member"] = [people.asking[place] for place in places]
        own["request"] = [asking.request[place] for place in places]
        lines.add_alike(told, own)

    def _needs(self, quantity: int) -> list[tuple[str, bool, int, int]]:
        """Return for each counter its name, whether each member has one, its room when it is new, and what is drawn."""
        amount, incentive = self.offer.amount(quantity, 0), self.offer.incentive
        draws = [(name, bound, bound.draw(incentive, quantity, amount)) for name, bound in self.counters]
        self.needs[quantity] = [(name, bound.own, bound.room, draw) for name, bound, draw in draws]
        return self.needs[quantity]

    def _told(self, full: str) -> Line:
        """Return what all get who find this counter full: an answer of no member, cause or request of its own."""
        nobody = Claim(0, 0, *self.offer.key, "", self.second)
        line = self.told[full] = answered(self.desk.key, nobody, "refused", reason=refusal(full))
        return line


def _glance(desk: Desk, second: int, incentive: str, item: str) -> _Glance | None:
    """Return how an item's claims are told at a glance; None where the desk has to look at each."""
    offer = desk.offers.get((incentive, item))
    if offer is None or not offer.begin <= second < offer.end or _intricate(offer):
        return None
    counters = sorted(((desk.rooms.counter(bound, second), bound) for bound in offer.bounds["all"]), key=_name)
    early = desk.entitled(offer.term.early.to) if offer.term.early else frozenset()
    return _Glance(desk, offer, second, counters, early, desk.entitled(offer.to) if offer.to else None)


def _name(counter: tuple[str, Bound]) -> str:
    return counter[0]


def _intricate(offer: Offer) -> bool:
    """Whether more than counters decides: what pays, who waits, what comes next, or a code."""
    term = offer.term
    return bool(term.costs or term.shares or term.waiting or term.transfer or term.code or term.codes)
