"""The counters in memory that claims draw on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from siyu.admit import Fold
from siyu.moments import period_start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siyu.claims.bounds import Bound
    from siyu.claims.lines import Claim, Line
    from siyu.claims.terms import Offer

__all__ = ["Drawn", "Rooms"]


@frozen
class Drawn:
    """What is drawn: so many units, and so much of an incentive's ledger, by a member at a second."""

    incentive: str
    member: int
    second: int
    quantity: int
    amount: int


@define
class Rooms:
    """The room that is left of every counter that was drawn on.

    Attributes:
        zone: The brand's zone, that limits and budgets count their periods in.
        fold: The counters, opened as they are first drawn on.
        granted: How many claims were granted of each item that has shares.
    """

    zone: str
    fold: Fold = field(factory=lambda: Fold({}))
    granted: dict[tuple[str, str], int] = field(factory=dict)

    def draw(self, offer: Offer, stock: str, claim: Claim) -> tuple[Drawn, str | None]:
        """Draw on all counters of a claim if they have room; return what was drawn, or the first one without room."""
        amount = offer.amount(claim.quantity, self.granted.get(offer.key, 0))
        drawn = Drawn(offer.incentive, claim.member, claim.second, claim.quantity, amount)
        admitted, full = self.fold.decide(self._draws(offer.bounds[stock], drawn))
        if admitted:
            self._count(offer, 1)
        return drawn, None if admitted else full

    def undo(self, offer: Offer, stock: str, drawn: Drawn) -> None:
        """Give back what was drawn for a claim that is refused after all."""
        self.move(offer.bounds[stock], drawn, -1)
        self._count(offer, -1)

    def replay(self, offer: Offer, line: Line, sign: int = 1) -> None:
        """Draw what a line of the ledger stands for, or give it back where the sign is -1."""
        stock = line.lot.partition(":")[0]
        bounds = offer.bounds.get(stock, offer.bounds["all"])
        drawn = Drawn(line.incentive, line.member, line.time, offer.quantity(line.amount), line.amount)
        self.move(bounds, drawn, sign)
        self._count(offer, sign)

    def move(self, bounds: Iterable[Bound], drawn: Drawn, sign: int = 1) -> None:
        """Draw on counters whether or not they have room, or give back to them."""
        for counter, amount in self._draws(bounds, drawn).items():
            self.fold.rooms[counter] -= sign * amount

    def empty(self, offer: Offer) -> bool:
        """Return whether every stock of an item has nothing left."""
        return all(any(self._left(bound) < 1 for bound in bounds) for bounds in offer.bounds.values())

    def _left(self, bound: Bound) -> int:
        stocked = bound.name.startswith("stock/")
        return self.fold.rooms.get(f"{bound.name}/0/", bound.room) if stocked else 1

    def _count(self, offer: Offer, by: int) -> None:
        if offer.term.shares is not None:
            self.granted[offer.key] = self.granted.get(offer.key, 0) + by

    def _draws(self, bounds: Iterable[Bound], drawn: Drawn) -> dict[str, int]:
        """Return what is drawn by counter, opening those that were not drawn on before."""
        draws: dict[str, int] = {}
        for bound in bounds:
            since = 0 if bound.per == "total" else _begin(self.zone, drawn.second, bound.per)
            counter = f"{bound.name}/{since}/{drawn.member if bound.own else ''}"
            self.fold.rooms.setdefault(counter, bound.room)
            draws[counter] = bound.draw(drawn.incentive, drawn.quantity, drawn.amount)
        return draws


_begin = lru_cache(period_start)
