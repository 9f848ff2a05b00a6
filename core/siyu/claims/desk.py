"""The claims desk: each claim is decided once, in the log's order, against counters in memory."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from siyu.admit import Fold
from siyu.claims.terms import Offer, offers
from siyu.keys import hashed
from siyu.moments import period_start

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from siyu.config.expressions import Condition
    from siyu.config.programme import Programme

__all__ = ["Claim", "Desk", "Line", "Payment"]


@frozen
class Claim:
    """One claim, as the log has it."""

    event: int
    member: int
    incentive: str
    item: str
    request: str
    second: int
    quantity: int = 1


@frozen
class Payment:
    """An event ``paid``, which confirms the reservation of the request that it names."""

    event: int
    request: str
    second: int


@frozen
class Line:
    """A line of the ledger: the columns of ``grants``, in their order."""

    id: int
    member: int
    incentive: str
    item: str
    lot: str
    kind: str
    amount: int
    cause_kind: str
    cause: str
    request: str
    time: int
    available: int
    expires: int | None
    reason: str


@define
class Desk:
    """The counters of everything that may be claimed, rebuilt from the ledger when a store is opened.

    Attributes:
        key: The brand's key, that the lines' ids are made with.
        zone: The brand's zone, that limits and budgets count their periods in.
        offers: What may be claimed, by incentive and item.
        entitled: Returns the members who meet a condition, as of the last run.
        fold: The room that is left of every counter that was drawn on.
        open: The reservations that are neither confirmed nor released, by their own id.
        paid: The payments for which there was no reservation yet, by request.
        answered: The events that have their answer.
        seen: The last ``seq`` that was looked at.
    """

    key: str
    zone: str
    offers: dict[tuple[str, str], Offer]
    entitled: Callable[[Condition], Collection[int]]
    fold: Fold = field(factory=lambda: Fold({}))
    open: dict[int, Line] = field(factory=dict)
    paid: dict[str, list[Payment]] = field(factory=dict)
    answered: dict[int, Line] = field(factory=dict)
    seen: int = 0
    _until: list[tuple[int, int]] = field(factory=list)
    _requests: dict[str, list[int]] = field(factory=dict)

    @classmethod
    def build(
        cls,
        programme: Programme,
        key: str,
        windows: Callable[..., tuple[int, int]],
        entitled: Callable[[Condition], Collection[int]],
        ledger: Iterable[Line],
    ) -> Desk:
        """Open a desk over the lines of the ledger so far, in the order of ``seq``."""
        desk = cls(key, programme.brand.zone, offers(programme, windows), entitled)
        lines = list(ledger)
        undone = {int(line.cause): -line.amount for line in lines if _by_hand(line)}
        for line in lines:
            # A line that a person reversed in full holds nothing any more.
            desk._replay(line, undone=undone.get(line.id) == line.amount)
        return desk

    def decide(self, moves: Iterable[Claim | Payment]) -> list[Line]:
        """Decide claims and take payments, in their order; a claim that was answered gets no second line."""
        lines: list[Line] = []
        for move in moves:
            if isinstance(move, Payment):
                lines += self._paid(move)
            elif move.event not in self.answered:
                lines += self._released(move.second)
                lines.append(self._answer(move))
                lines += self._paid_before(move.request)
        return lines

    def _answer(self, claim: Claim) -> Line:
        offer = self.offers.get((claim.incentive, claim.item))
        refusal = self._barred(claim, offer)
        if refusal or offer is None:  # noqa: SIM108 - one line would hide which is which
            line = self._line(claim, "refused", 0, refusal)
        else:
            line = self._drawn(claim, offer)
        self.answered[claim.event] = line
        return line

    def _barred(self, claim: Claim, offer: Offer | None) -> str:
        """Return why a claim is refused whatever the counters say; empty if it is not."""
        if offer is None:
            return "there is no such item"
        if claim.quantity < 1:
            return "the quantity is not a positive number"
        if claim.second >= offer.end:
            return "it is over"
        if claim.second < offer.begin and not self._early(claim, offer):
            return "it has not begun"
        if offer.to is not None and claim.member not in self.entitled(offer.to):
            return "the member is not among those whom it is for"
        return ""

    def _early(self, claim: Claim, offer: Offer) -> bool:
        early = offer.term.early
        return early is not None and claim.second >= offer.begin - early.by and claim.member in self.entitled(early.to)

    def _drawn(self, claim: Claim, offer: Offer) -> Line:
        """Draw on the early stock where the member may, else on the stock for all."""
        reason: str | None = None
        lots = ["early"] if self._early(claim, offer) else []
        lots += ["all"] if claim.second >= offer.begin else []
        for lot in lots:
            draws = self._draws(offer, claim.member, lot, claim.quantity, claim.second)
            admitted, reason = self.fold.decide(draws)
            if admitted:
                return self._granted(claim, offer, lot)
        return self._line(claim, "refused", 0, offer.refusal(reason or ""))

    def _granted(self, claim: Claim, offer: Offer, lot: str) -> Line:
        amount, unpaid = offer.term.amount * claim.quantity, offer.term.unpaid
        if unpaid is None:
            return self._line(claim, "granted", amount, "", lot)
        line = self._line(claim, "reserved", amount, "", lot, claim.second + unpaid)
        self._reserve(line)
        return line

    def _draws(self, offer: Offer, member: int, lot: str, quantity: int, second: int) -> dict[str, int]:
        """Return what a claim draws on, opening counters that were not drawn on before."""
        draws: dict[str, int] = {}
        for bound in offer.bounds(lot):
            since = period_start(self.zone, second, bound.per) if bound.per != "total" else 0
            counter = f"{bound.name}/{since}/{member if bound.own else ''}"
            self.fold.rooms.setdefault(counter, bound.room)
            draws[counter] = bound.draw(quantity)
        return draws

    def _released(self, second: int) -> list[Line]:
        """Release the reservations that ended by a moment unconfirmed."""
        lines = []
        while self._until and self._until[0][0] <= second:
            _, number = heapq.heappop(self._until)
            held = self._closed(number)
            if held is not None:
                self._give_back(held)
                lines.append(self._after(held, "released", -held.amount, "expiry", str(held.id), held.expires or 0))
        return lines

    def _paid_before(self, request: str) -> list[Line]:
        """Take the payments that came into the log before the claim: in which order facts come must not matter."""
        return [line for payment in self.paid.pop(request, ()) for line in self._paid(payment)]

    def _paid(self, payment: Payment) -> list[Line]:
        held = self._held(payment.request)
        if held is None:
            self.paid.setdefault(payment.request, []).append(payment)
            return []
        if payment.event in self.answered or payment.second >= (held.expires or 0):
            return []
        self._closed(held.id)
        line = self._after(held, "confirmed", 0, "event", str(payment.event), payment.second)
        self.answered[payment.event] = line
        return [line]

    def _replay(self, line: Line, *, undone: bool) -> None:
        if line.cause_kind == "claim":
            self.answered[int(line.cause)] = line
        if undone:
            return
        if line.kind in {"granted", "reserved"} and (line.incentive, line.item) in self.offers:
            for counter, amount in self._draws_of(line).items():
                self.fold.rooms[counter] -= amount
        if line.kind == "reserved":
            self._reserve(line)
        if line.kind == "released":
            held = self._closed(int(line.cause))
            if held is not None:
                self._give_back(held)
        if line.kind == "confirmed":
            held = self._held(line.request)
            if held is not None:
                self._closed(held.id)

    def _reserve(self, line: Line) -> None:
        self.open[line.id] = line
        self._requests.setdefault(line.request, []).append(line.id)
        heapq.heappush(self._until, (line.expires or 0, line.id))

    def _held(self, request: str) -> Line | None:
        """Return the first open reservation of a request; sources may use one request id each."""
        numbers = self._requests.get(request)
        return self.open[numbers[0]] if numbers else None

    def _closed(self, number: int) -> Line | None:
        """Take a reservation off the open ones and return it; None where it is closed already."""
        held = self.open.pop(number, None)
        if held is not None:
            numbers = self._requests[held.request]
            numbers.remove(number)
            if not numbers:
                del self._requests[held.request]
        return held

    def _give_back(self, held: Line) -> None:
        for counter, amount in self._draws_of(held).items():
            self.fold.rooms[counter] += amount

    def _draws_of(self, line: Line) -> dict[str, int]:
        offer = self.offers.get((line.incentive, line.item))
        if offer is None:
            return {}
        return self._draws(offer, line.member, line.lot, line.amount // offer.term.amount, line.time)

    def _line(
        self, claim: Claim, kind: str, amount: int, reason: str, lot: str = "", expires: int | None = None
    ) -> Line:
        cause = str(claim.event)
        number = hashed(self.key, claim.incentive, "claim", cause)
        where = (claim.incentive, claim.item, lot)
        return Line(
            number, claim.member, *where, kind, amount, "claim", cause, claim.request, claim.second, claim.second,
            expires, reason,
        )  # fmt: skip

    def _after(self, held: Line, kind: str, amount: int, cause_kind: str, cause: str, time: int) -> Line:
        number = hashed(self.key, held.incentive, kind, str(held.id))
        where = (held.incentive, held.item, held.lot)
        return Line(number, held.member, *where, kind, amount, cause_kind, cause, held.request, time, time, None, "")


def _by_hand(line: Line) -> bool:
    return line.kind == "reversed" and line.cause_kind == "line"
