"""What may be claimed, with all that bounds it: an incentive's own terms and the ones that every kind shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from siyu.kinds import Incentive

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu.config.expressions import Condition
    from siyu.config.programme import Programme
    from siyu.kinds import Budget, Limit, Period, Term

__all__ = ["Bound", "Offer", "offers"]


@frozen
class Bound:
    """One counter that a claim draws on.

    Attributes:
        name: Its name; ``Offer.refusal`` says what it means for a person.
        room: How much it holds.
        times: What a claim of quantity 1 draws; None where every claim draws 1, whatever its quantity.
        own: Whether every member has a counter of their own.
        per: The period after which it is full again.
    """

    name: str
    room: int
    times: int | None = 1
    own: bool = False
    per: Period = "total"

    def draw(self, quantity: int) -> int:
        """Return what a claim of that quantity draws."""
        return 1 if self.times is None else self.times * quantity


@frozen
class Offer:
    """An item that may be claimed, in its days, by those whom it is for."""

    incentive: str
    term: Term
    begin: int
    end: int
    to: Condition | None
    limit: Limit | None
    budgets: tuple[Budget, ...]

    def bounds(self, lot: str) -> list[Bound]:
        """Return the counters that a claim draws on, out of the stock ``early`` or the one for ``all``."""
        term, item = self.term, f"{self.incentive}/{self.term.item}"
        stock = term.early.stock if lot == "early" and term.early else term.stock
        bounds = [] if stock is None else [Bound(f"stock/{item}/{lot}", stock)]
        if term.each is not None:
            bounds.append(Bound(f"each/{item}", term.each, own=True))
        if self.limit is not None:
            limit = f"limit/{self.incentive}"
            bounds.append(Bound(limit, self.limit.times, times=None, own=True, per=self.limit.per))
        for number, budget in enumerate(self.budgets):
            bounds.append(Bound(f"budget/{self.incentive}/{number}", budget.units, term.amount, per=budget.per))
        return bounds

    @staticmethod
    def refusal(counter: str) -> str:
        """Return in plain words why a counter without room refuses a claim."""
        return {
            "stock": "it is sold out",
            "each": "the member has as many as one may have",
            "limit": "the member's limit is reached",
            "budget": "the budget is spent",
        }.get(counter.partition("/")[0], "it cannot be had")


def offers(programme: Programme, window: Callable[[Incentive], tuple[int, int]]) -> dict[tuple[str, str], Offer]:
    """Return everything that may be claimed, by incentive and item."""
    found: dict[tuple[str, str], Offer] = {}
    for incentive in programme.of(Incentive):
        begin, end = window(incentive)
        for term in incentive.terms():
            bounds = (incentive.to, incentive.limit, incentive.budgets)
            found[incentive.name, term.item] = Offer(incentive.name, term, begin, end, *bounds)
    return found
