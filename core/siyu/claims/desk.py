"""The claims desk: each claim is decided once, in the log's order, against counters in memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from siyu.claims.barred import barred, early
from siyu.claims.bounds import refusal
from siyu.claims.held import Held
from siyu.claims.lines import Claim, Line, Payment, answered, followed, moved, restored
from siyu.claims.purse import Purse, TooFewError
from siyu.claims.rooms import Rooms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from siyu.claims.rooms import Drawn
    from siyu.claims.terms import Offer
    from siyu.config.expressions import Condition

__all__ = ["Claim", "Desk", "Line", "Payment"]


@define
class Desk:
    """The counters of everything that may be claimed, rebuilt from the ledger when a store is opened.

    Attributes:
        key: The brand's key, that the lines' ids are made with.
        offers: What may be claimed, by incentive and item.
        entitled: Returns the members who meet a condition, as of the last run.
        rooms: The room that is left of every counter that was drawn on.
        purse: The lots that pay for the claims of a batch.
        held: The reservations that are neither confirmed nor released.
        queues: The claims that wait, by incentive and item, in their order, each by its event.
        spent: The lines that paid for an open reservation, by its id.
        answered: The events that have their answer.
        seen: The last ``seq`` that was looked at.
    """

    key: str
    offers: dict[tuple[str, str], Offer]
    entitled: Callable[[Condition], Collection[int]]
    rooms: Rooms
    purse: Purse
    held: Held = field(factory=Held)
    queues: dict[tuple[str, str], dict[int, Claim]] = field(factory=dict)
    spent: dict[int, list[Line]] = field(factory=dict)
    answered: dict[int, Line] = field(factory=dict)
    seen: int = 0
    # Where a queue may find room that no release has made: a config gives more than it did.
    _unsure: set[tuple[str, str]] = field(factory=set)

    def decide(self, moves: Iterable[Claim | Payment]) -> list[Line]:
        """Decide claims and take payments, in their order; a claim that was answered gets no second line."""
        batch = list(moves)
        self.purse.open(self._payers(batch))
        lines: list[Line] = []
        for move in batch:
            if isinstance(move, Payment):
                lines += self._paid(move)
            elif move.event not in self.answered:
                lines += self._advanced(move.second)
                lines += self._answer(move)
        return lines

    def wind_up(self, now: int) -> list[Line]:
        """Go on to a moment with what is waited for: units that have fallen back by then, and items that are over.

        Nothing else falls back before a claim comes after it, so that a payment may still be heard of. It belongs to
        the batch that was decided before it.
        """
        lines = self._advanced(now, lambda line: bool(self.queues.get((line.incentive, line.item))))
        for key, queue in self.queues.items():
            offer = self.offers.get(key)
            if offer is None or offer.end <= now:
                lines += [self._turned_away(claim, offer) for claim in queue.values()]
                queue.clear()
        return lines

    def wait(self, claims: Iterable[Claim]) -> None:
        """Let claims wait, as the ledger has them."""
        for claim in claims:
            self.queues.setdefault((claim.incentive, claim.item), {})[claim.event] = claim
            self._unsure.add((claim.incentive, claim.item))

    def _payers(self, batch: Iterable[Claim | Payment]) -> Iterator[tuple[str, int]]:
        """Yield the ledgers and members that pay for claims, so that they are looked up together."""
        for move in batch:
            offer = self.offers.get((move.incentive, move.item)) if isinstance(move, Claim) else None
            if offer is not None and isinstance(move, Claim) and move.event not in self.answered:
                ledgers = [cost.incentive for cost in offer.term.costs] + [offer.incentive] * offer.term.transfer
                yield from ((ledger, move.member) for ledger in ledgers)

    def _answer(self, claim: Claim) -> list[Line]:
        offer = self.offers.get((claim.incentive, claim.item))
        lines = self._decided(claim, offer)
        if lines[0].kind == "waiting":
            self.queues.setdefault((claim.incentive, claim.item), {})[claim.event] = claim
        return self._told(claim, lines)

    def _told(self, claim: Claim, lines: list[Line]) -> list[Line]:
        """Keep the answer, and take the payments that came into the log before: the order of facts must not matter."""
        answer = lines[0]
        if answer.kind == "transferred":
            answer = evolve(answer, amount=sum(max(line.amount, 0) for line in lines))
        self.answered[claim.event] = answer
        paid = self.held.paid.pop(claim.request, ())
        return [*lines, *(line for payment in paid for line in self._paid(payment))]

    def _decided(self, claim: Claim, offer: Offer | None) -> list[Line]:
        """Return the line that answers a claim, and those that go with it."""
        reason = barred(claim, offer, self.entitled)
        if reason or offer is None:
            return [answered(self.key, claim, "refused", reason=reason)]
        full: str | None = ""
        for stock in self._stocks(claim, offer):
            drawn, full = self.rooms.draw(offer, stock, claim)
            if full is None:
                return self._admitted(claim, offer, stock, drawn)
        if offer.term.waiting and full and full.startswith("stock/") and self._worth_waiting(claim, offer):
            place = len(self.queues.get(offer.key, ())) + 1
            return [answered(self.key, claim, "waiting", reason=f"{refusal(full)}; place {place} in the queue")]
        return [answered(self.key, claim, "refused", reason=refusal(full or ""))]

    def _stocks(self, claim: Claim, offer: Offer) -> list[str]:
        """Return the stocks that a claim may draw on: the early one first, where the member may."""
        head = ["early"] if early(claim, offer, self.entitled) else []
        return [*head, "all"] if claim.second >= offer.begin else head

    @staticmethod
    def _worth_waiting(claim: Claim, offer: Offer) -> bool:
        stocks = [bound for bound in offer.bounds["all"] if bound.name.startswith("stock/")]
        return offer.term.shares is None and all(claim.quantity <= bound.room for bound in stocks)

    def _admitted(self, claim: Claim, offer: Offer, stock: str, drawn: Drawn) -> list[Line]:
        """Have a claim that the counters admit paid; or refuse it, and give back what it drew."""
        try:
            lines = (
                self._transferred(claim, drawn) if offer.term.transfer else self._granted(claim, offer, stock, drawn)
            )
        except TooFewError as short:
            self.rooms.undo(offer, stock, drawn)
            return [answered(self.key, claim, "refused", reason=str(short))]
        self.purse.note(lines)
        return lines

    def _granted(self, claim: Claim, offer: Offer, stock: str, drawn: Drawn) -> list[Line]:
        charges: Counter[tuple[str, str]] = Counter()
        for cost in offer.term.costs:
            charges[cost.incentive, cost.item] += cost.amount * claim.quantity
        taken = self.purse.take(claim.member, claim.second, charges)
        paid = [moved(self.key, claim, "redeemed", -part, lot, claim.member) for lot, part in taken]
        unpaid, lasts = offer.term.unpaid, offer.term.lasts
        span = lasts if unpaid is None else unpaid
        kind, expires = "granted" if unpaid is None else "reserved", None if span is None else claim.second + span
        lot = offer.lot(stock, claim.event)
        line = answered(self.key, claim, kind, drawn.amount, lot=lot, expires=expires)
        if unpaid is not None:
            self.held.reserve(line)
            self.spent[line.id] = paid
        return [line, *paid]

    def _transferred(self, claim: Claim, drawn: Drawn) -> list[Line]:
        taken = self.purse.take(claim.member, claim.second, {(claim.incentive, ""): drawn.amount})
        lines = [answered(self.key, claim, "transferred")]
        for lot, part in taken:
            lines.append(moved(self.key, claim, "transferred", -part, lot, claim.member))
            lines.append(moved(self.key, claim, "transferred", part, lot, claim.to or 0))
        return lines

    def _advanced(self, second: int, wanted: Callable[[Line], bool] | None = None) -> list[Line]:
        """Release the reservations that ended by a moment unconfirmed, and serve those who wait for them."""
        lines: list[Line] = []
        unsure, self._unsure = sorted(self._unsure), set()
        for key in unsure:
            lines += self._served(key, second, final=False)
        for held in self.held.ended(second, wanted):
            lines += self._released(held)
        return lines

    def _released(self, held: Line) -> list[Line]:
        time, offer = held.expires or 0, self.offers.get((held.incentive, held.item))
        if offer is not None:
            self.rooms.replay(offer, held, -1)
        lines = [followed(self.key, held, "released", time, ("expiry", held.id))]
        lines += [line for paid in self.spent.pop(held.id, ()) for line in restored(self.key, paid, held)]
        self.purse.note(lines)
        return [*lines, *self._served((held.incentive, held.item), time)]

    def _served(self, key: tuple[str, str], second: int, *, final: bool = True) -> list[Line]:
        """Let those who wait have what is free, in their order.

        Args:
            key: The incentive and the item.
            second: When it became free.
            final: Whether those who may not have it any more are refused for good.
        """
        offer, queue, lines = self.offers.get(key), self.queues.get(key, {}), []
        gone = []
        for event, claim in queue.items():
            if offer is None or self.rooms.empty(offer):
                break
            turn = evolve(claim, second=max(second, claim.second))
            found = self._decided(turn, offer)
            if found[0].kind == "waiting" or (found[0].kind == "refused" and not final):
                continue
            gone.append(event)
            lines += self._told(turn, found)
        for event in gone:
            del queue[event]
        return lines

    def _turned_away(self, claim: Claim, offer: Offer | None) -> Line:
        late = claim if offer is None else evolve(claim, second=max(claim.second, offer.end))
        (line,) = self._told(late, [answered(self.key, late, "refused", reason=barred(late, offer, self.entitled))])
        return line

    def _paid(self, payment: Payment) -> list[Line]:
        held = self.held.of(payment.request)
        if held is None:
            self.held.paid.setdefault(payment.request, []).append(payment)
            return []
        if payment.event in self.answered or payment.second >= (held.expires or 0):
            return []
        self.held.close(held.id)
        self.spent.pop(held.id, None)
        offer = self.offers.get((held.incentive, held.item))
        lasts = offer.term.lasts if offer else None
        expires = None if lasts is None else payment.second + lasts
        line = followed(self.key, held, "confirmed", payment.second, ("event", payment.event), expires)
        self.answered[payment.event] = line
        self.purse.note([line])
        return [line]
