"""The claims desk in the plainest words: what the incentives of ``tests.offers`` must give, looking at everything."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from attrs import define, evolve, field, frozen
from tests.offers import BAG, CUP, LASTS, OPENS, PENDING, SHARES, UNPAID

__all__ = ["CAMPAIGN", "CENT", "DAILY", "TIMES", "TOTAL", "WORTH", "Grant", "Move", "Plain"]

TIMES = 4
"""How often a member may have goods on a day."""
TOTAL = 11
"""The units of goods that there are in all."""
DAILY = 8
"""The units of goods that there are on a day."""
WORTH = Fraction(10, 3)
"""What a unit of the wallet costs, in cents."""
CENT = 5
"""What a unit of goods costs, in cents."""
CAMPAIGN = 160
"""What there is for all of them, in cents."""
_DAY = 86_400
_ZONE = 8 * 3600

Sort = Literal["order", "refund", "claim", "pay"]


@frozen
class Move:
    """One thing that happens: an order or its refund, a claim or its payment."""

    sort: Sort
    second: int
    who: str
    name: str
    item: str = ""
    quantity: int = 1
    to: str = ""


@define
class Lot:
    """Units of one origin that a member has."""

    left: int
    available: int
    expires: int | None


@define
class Grant:
    """Goods that were given, and what they were paid with: lots of the wallet, or bags."""

    move: Move
    amount: int
    paid: list[tuple[str, int]]
    state: str = "kept"
    confirmed: bool = False

    @property
    def until(self) -> int:
        return self.move.second + UNPAID


@define
class Plain:
    """Every claim is judged over all that was given before it."""

    lots: dict[tuple[str, str], Lot] = field(factory=dict)
    grants: list[Grant] = field(factory=list)
    queue: list[Move] = field(factory=list)
    answers: dict[str, str] = field(factory=dict)
    payments: list[Move] = field(factory=list)
    orders: list[Move] = field(factory=list)
    earned: dict[str, int] = field(factory=dict)
    refunds: list[Move] = field(factory=list)
    same: dict[str, str] = field(factory=dict)

    def take(self, move: Move) -> None:
        if move.sort == "order":
            self.orders.append(move)
        elif move.sort == "refund":
            self.refunds.append(move)
        elif move.sort == "pay":
            self.payments.append(move)
            self.confirm(move.name)
        elif move.name not in self.answers:
            self.release(move.second, always=True)
            self.answers[move.name] = self.judged(move)
            if self.answers[move.name] == "waiting":
                self.queue.append(move)
            self.confirm(move.name)

    def run(self, now: int) -> None:
        """Serve those who wait; then orders earn, and refunds take back what was earned before."""
        self.release(now, always=False)
        for refund in [one for one in self.refunds if one.name in self.earned]:
            self.lots[self.one(refund.who), refund.name].left -= self.earned[refund.name]
            self.refunds.remove(refund)
        for order in sorted(self.orders, key=lambda order: order.second):
            units = order.quantity
            if self.spent() + units * WORTH <= CAMPAIGN:
                begin = order.second + PENDING
                self.lots[self.one(order.who), order.name] = Lot(units, begin, begin + LASTS)
                self.earned[order.name] = units
        self.orders = []

    def join(self, one: str, other: str) -> None:
        """Let two members be one, with the lots of both."""
        new, old = sorted((self.one(one), self.one(other)))
        self.same = {who: new if least == old else least for who, least in self.same.items()} | {old: new}
        for who, name in [key for key in self.lots if key[0] == old and old != new]:
            lot = self.lots.pop((who, name))
            kept = self.lots.setdefault((new, name), evolve(lot, left=0))
            kept.left += lot.left

    def one(self, who: str) -> str:
        return self.same.get(who, who)

    def spent(self) -> Fraction:
        return sum(self.earned.values()) * WORTH + sum(one.amount for one in self.given()) * CENT

    def given(self) -> list[Grant]:
        return [one for one in self.grants if one.state == "kept"]

    def release(self, second: int, *, always: bool) -> None:
        """Take back the reservations that have ended, one by one, and serve after each."""
        while True:
            ended = [
                one for one in self.given() if one.move.item == "cup" and not one.confirmed and one.until <= second
            ]
            if not ended or not (always or self.queue):
                return
            first = min(ended, key=lambda one: one.until)
            first.state = "released"
            for name, units in first.paid:
                lot = self.lots[self.one(first.move.who), name]
                lot.left += 0 if lot.expires is not None and lot.expires <= first.until else units
            self.serve(first.until)

    def serve(self, second: int) -> None:
        for move in list(self.queue):
            if self.cups() >= 2:
                return
            turn = evolve(move, second=max(second, move.second))
            answer = self.judged(turn)
            if answer != "waiting":
                self.queue.remove(move)
                self.answers[move.name] = answer
                self.confirm(move.name)

    def cups(self) -> int:
        return sum(one.move.quantity for one in self.given() if one.move.item == "cup")

    def confirm(self, name: str) -> None:
        for one in self.given():
            mine = [pay.second for pay in self.payments if pay.name == name]
            if one.move.name == name and one.move.item == "cup" and any(second < one.until for second in mine):
                one.confirmed = True

    def judged(self, move: Move) -> str:
        if move.item == "send":
            return self.sent(move)
        amount, sold_out = self.offered(move)
        if not self.allowed(move, amount) or (move.item == "packet" and move.quantity > 1):
            return "refused"
        if sold_out:
            return "waiting" if move.item == "cup" and move.quantity <= 2 else "refused"
        paid = self.paid(move)
        if paid is None:
            return "refused"
        self.grants.append(Grant(move, amount, paid))
        if move.item == "bag":
            lot = Lot(amount, move.second, move.second + OPENS)
            self.lots[self.one(move.who), f"bag {move.name}"] = lot
        return "reserved" if move.item == "cup" else "granted"

    def offered(self, move: Move) -> tuple[int, bool]:
        """Return what a claim asks for, and whether there is less of it."""
        if move.item == "packet":
            packets = sum(one.move.item == "packet" for one in self.given())
            return (SHARES[packets], False) if packets < len(SHARES) else (0, True)
        return move.quantity, move.item == "cup" and self.cups() + move.quantity > 2

    def allowed(self, move: Move, amount: int) -> bool:
        """Return whether limits and budgets allow a claim."""
        own = [one for one in self.given() if self.one(one.move.who) == self.one(move.who)]
        today = [one for one in self.given() if day(one.move) == day(move)]
        each = {"cup": 2, "packet": 1}.get(move.item, 99)
        return (
            len([one for one in own if one in today]) < TIMES
            and sum(one.move.quantity for one in own if one.move.item == move.item) + move.quantity <= each
            and sum(one.amount for one in self.given()) + amount <= TOTAL
            and sum(one.amount for one in today) + amount <= DAILY
            and self.spent() + amount * CENT <= CAMPAIGN
        )

    def paid(self, move: Move) -> list[tuple[str, int]] | None:
        """Return the lots that pay for a claim; None where they do not suffice."""
        costs = {"cup": CUP, "bag": BAG, "box": 1}.get(move.item, 0) * move.quantity
        return self.used(move, costs, bags=move.item == "box") if costs else []

    def used(self, move: Move, units: int, *, bags: bool = False) -> list[tuple[str, int]] | None:
        lots = {
            name: lot
            for (who, name), lot in self.lots.items()
            if who == self.one(move.who) and name.startswith("bag ") == bags
        }
        usable = [name for name, lot in lots.items() if lot.left > 0 and lot.available <= move.second]
        usable = [name for name in usable if (until := lots[name].expires) is None or move.second < until]
        debts = sum(min(lot.left, 0) for lot in lots.values())
        if sum(lots[name].left for name in usable) + debts < units:
            return None
        used = []
        for name in sorted(usable, key=lambda name: (lots[name].expires, lots[name].available)):
            part = min(lots[name].left, units)
            lots[name].left -= part
            units -= part
            used += [(name, part)] if part else []
        return used

    def sent(self, move: Move) -> str:
        to = self.one(move.to)
        if to == self.one(move.who):
            return "refused"
        moved = self.used(move, move.quantity)
        for name, units in moved or ():
            lot = self.lots[self.one(move.who), name]
            self.lots.setdefault((to, name), evolve(lot, left=0)).left += units
        return "refused" if moved is None else "transferred"


def day(move: Move) -> int:
    return (move.second + _ZONE) // _DAY
