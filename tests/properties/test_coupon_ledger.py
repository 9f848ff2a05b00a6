"""The ledger of coupons, from being given to being used, given back and lapsed, against a plain slow model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, rounds, rows
from tests.crashes import Crash, crashes, crashing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

DAY = 86_400
START = int(datetime(2026, 11, 10, 4, tzinfo=UTC).timestamp())
WHO = ["m1", "m2", "m3"]
CARDS, UNPAID, LASTS, GRACE = 3, 900, 2 * DAY, DAY
STOCK, EACH = 3, 2

TOML = (
    HEAD
    + """
[incentive.coupon]
use = "coupon"
from = 2026-11-01
unpaid = "15m"
grace = "1d"
[incentive.coupon.items]
ten = { off = "10.00", lasts = "2d" }
free = { off = "5.00", claimable = true, stock = 3, each = 2, lasts = "2d" }
told = { percent = "10%", code = "Tee" }
card = { off = "20.00", codes = 3 }
[[incentive.coupon.issue]]
coupon = "ten"
event = "checked_in"
pieces = 2
"""
)


@frozen
class Move:
    """One thing that happens: ``sort`` is give, take, use, pay, refund, join, run or reopen."""

    sort: str
    second: int
    who: str = ""
    item: str = ""
    code: str = ""
    name: str = ""
    amount: int | None = None


@define
class Lot:
    """Some pieces of a coupon."""

    who: str
    item: str
    left: int
    available: int
    expires: float


@define
class Use:
    """One use: which lot it took, whether it is paid, and whether it came back."""

    who: str
    order: str
    lot: Lot
    until: int
    state: str = "reserved"


@define
class Slow:
    """What the ledger should come to, in the plainest words."""

    lots: list[Lot] = field(factory=list)
    uses: list[Use] = field(factory=list)
    given: list[Move] = field(factory=list)
    paid: list[Move] = field(factory=list)
    refunds: list[Move] = field(factory=list)
    taken: dict[str, list[str]] = field(factory=lambda: {"free": [], "told": [], "card": []})
    codes: set[str] = field(factory=set)
    answers: dict[str, str] = field(factory=dict)
    one: dict[str, str] = field(factory=lambda: {who: who for who in WHO})

    def take_move(self, move: Move) -> None:
        getattr(self, f"_{move.sort}")(move)

    def _give(self, move: Move) -> None:
        self.given.append(move)

    def _pay(self, move: Move) -> None:
        self.paid.append(move)

    def _refund(self, move: Move) -> None:
        self.refunds.append(move)

    def _reopen(self, move: Move) -> None:
        pass

    def _join(self, move: Move) -> None:
        kept, gone = self.one[WHO[0]], self.one[move.who]
        self.one = {who: kept if least == gone else least for who, least in self.one.items()}

    def _take(self, move: Move) -> None:
        self._caught_up(move.second)
        right = {"free": True, "told": move.code.lower() == "tee", "card": move.code.startswith("card-")}[move.item]
        mine = [who for who in self.taken["free"] if self._same(who, move.who)]
        if move.item == "free" and (len(self.taken["free"]) >= STOCK or len(mine) >= EACH):
            right = False
        if move.item == "card" and move.code in self.codes:
            right = False
        self.answers[move.name] = "granted" if right else "refused"
        if right:
            self.codes.add(move.code)
            self.taken[move.item].append(move.who)
            ends = move.second + LASTS if move.item == "free" else float("inf")
            self.lots.append(Lot(move.who, move.item, 1, move.second, ends))

    def _use(self, move: Move) -> None:
        self._caught_up(move.second)
        mine = [lot for lot in self.lots if self._same(lot.who, move.who) and lot.item == move.item and lot.left]
        usable = [lot for lot in mine if lot.available <= move.second < lot.expires]
        self.answers[move.name] = "reserved" if usable else "refused"
        if usable:
            lot = min(usable, key=lambda lot: (lot.expires, lot.available))
            lot.left -= 1
            self.uses.append(Use(move.who, move.name, lot, move.second + UNPAID))

    def _caught_up(self, second: int) -> None:
        """Take the payments that are known, and let fall back what was not paid by a moment."""
        self._payments()
        for use in self.uses:
            if use.state == "reserved" and use.until <= second:
                use.state = "released"
                if use.lot.expires > use.until:
                    use.lot.left += 1

    def _payments(self) -> None:
        for payment in self.paid:
            for use in self.uses:
                if use.order == payment.name and use.state == "reserved" and payment.second < use.until:
                    use.state = "paid"

    def _run(self, move: Move) -> None:
        self._payments()
        for use in self.uses:
            back = self._back(use, move.second)
            if use.state == "paid" and back is not None:
                use.state = "returned"
                ends = max(use.lot.expires, back + GRACE)
                self.lots.append(Lot(use.who, use.lot.item, 1, back, ends))
        fresh = [one for one in self.given if one.second <= move.second]
        self.given = [one for one in self.given if one not in fresh]
        self.lots += [Lot(one.who, "ten", 2, one.second, one.second + LASTS) for one in fresh]
        # What comes into the ledger in a run lapses with the next one.

    def _back(self, use: Use, now: int) -> int | None:
        """Return when an order was given back wholly; orders come to 100."""
        total = 0
        for refund in self.refunds:
            if refund.name == use.order and self._same(refund.who, use.who) and refund.second <= now:
                total += 100 if refund.amount is None else refund.amount
                if total >= 100:
                    return refund.second
        return None

    def _same(self, one: str, other: str) -> bool:
        return self.one[one] == self.one[other]

    def usable(self, now: int) -> dict[tuple[str, str], int]:
        """Return what members can use at a moment."""
        found: dict[tuple[str, str], int] = {}
        for lot in self.lots:
            if lot.left and lot.available <= now < lot.expires:
                key = (self.one[lot.who], lot.item)
                found[key] = found.get(key, 0) + lot.left
        return found

    def used(self) -> dict[tuple[str, str], int]:
        """Return what members have used, reserved or paid."""
        found: dict[tuple[str, str], int] = {}
        for use in self.uses:
            if use.state in {"reserved", "paid"}:
                key = (self.one[use.who], f"use:{use.lot.item}")
                found[key] = found.get(key, 0) + 1
        return found


@st.composite
def histories(draw: st.DrawFn) -> list[Move]:
    """Draw what happens, in the order of time."""
    steps = st.sampled_from([0, 60, 60, 600, UNPAID, 3600, DAY, LASTS - 1, LASTS])
    sorts = [
        "give",
        "take",
        "take",
        "use",
        "use",
        "use",
        "pay",
        "pay",
        "refund",
        "refund",
        "run",
        "run",
        "join",
        "reopen",
    ]
    second, moves = START, [Move("give", START, who) for who in WHO[:2]]
    moves.append(Move("run", START))
    for number in range(draw(st.integers(4, 18))):
        second += draw(steps)
        sort, who = draw(st.sampled_from(sorts)), draw(st.sampled_from(WHO))
        orders = [move for move in moves if move.sort == "use"]
        if sort in {"pay", "refund"} and orders:
            order = draw(st.sampled_from(orders))
            amount = draw(st.sampled_from([None, 40, 60, 100])) if sort == "refund" else 100
            moves.append(Move(sort, second, order.who, name=order.name, amount=amount))
        elif sort == "take":
            item = draw(st.sampled_from(["free", "free", "told", "card", "card"]))
            codes = {
                "free": [""],
                "told": ["tee", " TEE", "tea", ""],
                "card": ["card-0", "card-1", "card-2", "none", ""],
            }
            code = draw(st.sampled_from(codes[item]))
            moves.append(Move(sort, second, who, item, code.strip() or code, f"t{number}"))
        elif sort == "use":
            moves.append(
                Move(sort, second, who, draw(st.sampled_from(["ten", "ten", "free", "card"])), name=f"o{number}")
            )
        elif (sort == "join" and who != WHO[0]) or sort in {"give", "run", "reopen"}:
            moves.append(Move(sort, second, who))
    return [*moves, Move("run", second), Move("run", second)]


def happen(brand: Brand, move: Move, number: int) -> str:
    """Let a brand take a move; return what a claim is answered."""
    when = datetime.fromtimestamp(move.second, UTC).isoformat()
    if move.sort == "run":
        brand.run(now=move.second)
    elif move.sort == "reopen":
        brand._grants.forget()
    elif move.sort == "join":
        brand.link(f"wecom:{WHO[0]}", f"wecom:{move.who}", evidence="card", now=move.second)
    elif move.sort in {"take", "use"}:
        item = move.item if move.sort == "take" else f"use:{move.item}"
        asked: dict[str, Any] = {"member": f"wecom:{move.who}", "id": move.name, "item": item, "now": move.second}
        return brand.claim("coupon", code=typed(brand, move.code), **asked).kind
    else:
        kind = {"give": "checked_in", "pay": "paid", "refund": "refunded"}[move.sort]
        about = {"ref": move.name or None, "amount": move.amount}
        brand.ingest([happened(move.who, kind, when, f"{move.sort}-{number}", **about)], now=move.second)
    return ""


def typed(brand: Brand, code: str) -> str:
    """Return the code of a card, or what was said."""
    if not code.startswith("card-"):
        return code
    place = int(code.removeprefix("card-"))
    (made,) = brand.vouchers("coupon", "card").codes(range(place, place + 1))
    return made.lower()


def played(
    path: Path, moves: list[Move], ways: Sequence[Crash] = ()
) -> tuple[dict[str, str], list[tuple[Any, ...]], Any]:
    """Return the answers, the ledger, and what each member holds and has used."""
    with crashing(path, ways) as brand:
        when = datetime.fromtimestamp(START - DAY, UTC).isoformat()
        brand.ingest([happened(who, "joined", when, f"j-{who}") for who in WHO], now=START)
        names: dict[int, str] = {}
        answers = {}
        for number, move in enumerate(moves):
            kind = happen(brand, move, number)
            if kind:
                answers[move.name] = kind
        gapless(brand)
        canon = dict(rows(brand, "canon", "member", "canon"))
        for who in reversed(WHO):
            number = brand.number(f"wecom:{who}")
            names[canon.get(number, number)] = who
        lines = rows(brand, "grants", "member", "item", "lot", "kind", "amount", "time", "available", "expires")
        named = [(names[canon.get(line[0], line[0])], *line[1:]) for line in lines]
    return answers, sorted(named, key=repr), named


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("coupons"), TOML)


@given(moves=histories(), ways=crashes())
@settings(max_examples=rounds(1, 80))
def test_the_ledger_is_what_the_plain_model_says(path: Path, moves: list[Move], ways: list[Crash]) -> None:
    slow = Slow()
    for move in moves:
        slow.take_move(move)
    answers, ledger, _ = played(path, moves, ways)
    assert answers == slow.answers
    now = moves[-1].second
    balance: dict[tuple[str, str, str], int] = {}
    ends: dict[tuple[str, str, str], int] = {}
    for who, item, lot, _, amount, _, _, expires in ledger:
        key = (who, item or "", (lot or "") if not item.startswith("use:") else "")
        balance[key] = balance.get(key, 0) + amount
        if expires is not None:
            ends[key] = expires
    assert all(amount >= 0 for amount in balance.values())
    # Two runs at the end: nothing is left of what can no longer be used.
    assert not [
        key for key, amount in balance.items() if amount and ends.get(key, now + 1) <= now and "use" not in key[1]
    ]
    found: dict[tuple[str, str], int] = {}
    for (who, item, _), amount in balance.items():
        found[who, item] = found.get((who, item), 0) + amount
    found = {(slow.one[who], item): amount for (who, item), amount in found.items() if amount}
    assert found == slow.usable(now) | slow.used()
    assert len({lot for _, item, lot, kind, *_ in ledger if item == "card" and kind == "granted"}) == len(
        [1 for _, item, _, kind, *_ in ledger if item == "card" and kind == "granted"]
    )


@given(moves=histories(), ways=crashes())
@settings(max_examples=rounds(1, 20))
def test_a_replay_gives_the_same_ledger(path: Path, moves: list[Move], ways: list[Crash]) -> None:
    assert played(path, moves) == played(path, moves, ways)
