"""Opening the claims desk over the ledger so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from siyu.claims.bounds import Bound, budgets
from siyu.claims.desk import Desk
from siyu.claims.purse import Purse
from siyu.claims.rooms import Drawn, Rooms
from siyu.claims.terms import offers
from siyu.kinds import Incentive

if TYPE_CHECKING:
    from siyu.claims.books import Books
    from siyu.claims.lines import Line
    from siyu.config.programme import Programme

__all__ = ["reopened"]


def reopened(programme: Programme, key: str, books: Books) -> Desk:
    """Open a desk over the lines of the ledgers so far, in the order of ``seq``."""
    found = offers(programme, books.view.window)
    paying = {cost.incentive for offer in found.values() for cost in offer.term.costs}
    paying |= {offer.incentive for offer in found.values() if offer.term.transfer}
    desk = Desk(key, found, books.entitled, Rooms(programme.brand.zone), Purse(paying, books.lots))
    if not desk.offers:
        return desk
    bounds = {one.name: budgets(programme, one) for one in programme.of(Incentive)}
    incentives = {incentive for incentive, _ in desk.offers} | {name for name in bounds if bounds[name]}
    replay = _Replay(desk, bounds, books.undone(incentives))
    for line in books.decided(incentives):
        replay.take(line)
    for event, line in books.refused(incentives):
        replay.refuse(event, line)
    replay.end(books)
    _facts(programme, desk, bounds, books)
    return desk


def _facts(programme: Programme, desk: Desk, bounds: dict[str, tuple[Bound, ...]], books: Books) -> None:
    """Draw what facts gave on the budgets that bound claims too."""
    shared = {bound.name for incentive, _ in desk.offers for bound in bounds[incentive]}
    giving = {name for name, own in bounds.items() if any(bound.name in shared for bound in own)}
    if not giving:
        return
    begin = min(books.view.window(one)[0] for one in programme.of(Incentive) if one.name in giving)
    for incentive, second, amount in books.earned(giving, begin):
        desk.rooms.move(bounds[incentive], Drawn(incentive, 0, second, 0, amount))


@define
class _Replay:
    """Goes through the lines of the ledger, and does what the desk did when it wrote them."""

    desk: Desk
    budgets: dict[str, tuple[Bound, ...]]
    undone: frozenset[int]
    _waiting: dict[int, Line] = field(factory=dict)
    _transfers: dict[int, Line] = field(factory=dict)

    def take(self, line: Line) -> None:
        """Take the next line."""
        if line.cause_kind == "claim":
            self._answer(int(line.cause), line)
        if line.id in self.undone:
            return
        if line.kind in {"granted", "reserved"}:
            self.desk.codes.replay(line)
            self._draw(line)
        if line.kind == "reserved":
            self.desk.held.reserve(line)
        if line.kind == "released" and (held := self.desk.held.close(int(line.cause))) is not None:
            self._draw(held, -1)
        if line.kind == "confirmed" and (held := self.desk.held.of(line.request)) is not None:
            self.desk.held.close(held.id)

    def refuse(self, event: int, line: Line) -> None:
        """Take a refusal, which draws on nothing and is the last word also where the claim waited before."""
        self._waiting.pop(event, None)
        self.desk.answered[event] = line

    def end(self, books: Books) -> None:
        """Do what needs all lines: transfers as wholes, what paid for reservations, and who waits."""
        desk = self.desk
        for event, line in self._transfers.items():
            desk.answered[event] = line
            if (line.incentive, line.item) in desk.offers:
                desk.rooms.replay(desk.offers[line.incentive, line.item], line)
        paying = {held.cause: held.id for held in desk.held.open.values() if self._costs(held)}
        for line in books.spent(paying) if paying else ():
            desk.spent.setdefault(paying[line.cause], []).append(line)
        if self._waiting:
            desk.wait(books.claims(self._waiting))

    def _answer(self, event: int, line: Line) -> None:
        if line.kind == "transferred":
            before = self._transfers.setdefault(event, line)
            self._transfers[event] = evolve(before, amount=before.amount + max(line.amount, 0))
            return
        self._waiting.pop(event, None)
        if line.kind == "waiting":
            self._waiting[event] = line
        self.desk.answered[event] = line

    def _draw(self, line: Line, sign: int = 1) -> None:
        offer = self.desk.offers.get((line.incentive, line.item))
        if offer is not None:
            self.desk.rooms.replay(offer, line, sign)
        else:
            drawn = Drawn(line.incentive, line.member, line.time, 0, line.amount)
            self.desk.rooms.move(self.budgets.get(line.incentive, ()), drawn, sign)

    def _costs(self, held: Line) -> bool:
        offer = self.desk.offers.get((held.incentive, held.item))
        return offer is None or bool(offer.term.costs)
