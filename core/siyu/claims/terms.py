"""What may be claimed, with all that bounds it: an incentive's own terms and the ones that every kind shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from siyu.claims.bounds import Bound, budgets, limits
from siyu.kinds import Incentive
from siyu.moments import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from siyu.config.expressions import Condition
    from siyu.config.programme import Programme
    from siyu.kinds import Term

__all__ = ["Offer", "offers"]


@frozen
class Offer:
    """An item that may be claimed, in its days, by those whom it is for.

    Attributes:
        incentive: The incentive's name.
        term: What may be claimed.
        begin: The first second of its days.
        end: The first second after them.
        to: Whom it is for; None for everybody.
        begins: When it begins, for a person.
        bounds: The counters that a claim draws on, by the stock that it gets its units of: ``early`` or ``all``.
    """

    incentive: str
    term: Term
    begin: int
    end: int
    to: Condition | None
    begins: str
    bounds: Mapping[str, tuple[Bound, ...]]

    @property
    def key(self) -> tuple[str, str]:
        """What a claim names it by."""
        return self.incentive, self.term.item

    @property
    def opens(self) -> int:
        """The first second at which anybody may claim."""
        return self.begin - (self.term.early.by if self.term.early else 0)

    def amount(self, quantity: int, granted: int) -> int:
        """Return how much a claim is given, of so many units, after so many claims were granted."""
        shares = self.term.shares
        if shares is None:
            return self.term.amount * quantity
        return shares[granted] if granted < len(shares) else 0

    def quantity(self, amount: int) -> int:
        """Return of how many units a claim was that was given an amount."""
        return 1 if self.term.shares is not None else amount // self.term.amount

    def lot(self, stock: str, cause: int) -> str:
        """Return the lot of what is granted out of a stock: one of its own where it ends, or is not sure yet."""
        alone = self.term.unpaid is not None or self.term.lasts is not None
        return f"{stock}:{cause}" if alone else stock


def offers(programme: Programme, window: Callable[[Incentive], tuple[int, int]]) -> dict[tuple[str, str], Offer]:
    """Return everything that may be claimed, by incentive and item."""
    found: dict[tuple[str, str], Offer] = {}
    for incentive in programme.of(Incentive):
        begin, end = window(incentive)
        begins = written(begin, programme.brand.zone)
        for term in incentive.terms():
            shared = (*limits(incentive), *(() if term.transfer else budgets(programme, incentive)))
            stocks = ("early", "all") if term.early else ("all",)
            bounds = {stock: (*_own(incentive.name, term, stock), *shared) for stock in stocks}
            found[incentive.name, term.item] = Offer(incentive.name, term, begin, end, incentive.to, begins, bounds)
    return found


def _own(incentive: str, term: Term, lot: str) -> list[Bound]:
    """Return the counters of the item alone."""
    item = f"{incentive}/{term.item}"
    stock = term.early.stock if lot == "early" and term.early else term.stock
    bounds = [] if stock is None else [Bound(f"stock/{item}/{lot}", stock, "units")]
    if term.shares is not None:
        bounds.append(Bound(f"stock/{item}/shares", len(term.shares), "units"))
    if term.each is not None:
        bounds.append(Bound(f"each/{item}", term.each, "units", own=True))
    return bounds
