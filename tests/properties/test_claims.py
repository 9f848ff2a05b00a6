"""The same claims in the same order get the same answers, however they are cut into batches."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds, rows

from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

ZONE = "Asia/Shanghai"
BEGIN = moment("2026-11-12T00:00", ZONE)
END = moment("2026-11-13T00:00", ZONE)
READY = BEGIN - 12 * 3600
LATER = END + 86400
EARLY_BY = 7200
UNPAID = 900
MEMBERS = [f"m{number}" for number in range(5)]
VIPS = {"m0", "m1"}
STOCK = {"G01": 3, "G02": 2}
EARLY_STOCK = 1
EACH = {"G01": 2, "G02": 1}
TIMES = 3
UNITS = 7
TOML = (
    HEAD
    + """
[feature]
orders = { count = "ordered" }
[segment]
vip = "orders >= 1"
[incentive.sale]
use = "flash-sale"
from = 2026-11-12
until = 2026-11-12
items = [
  { sku = "G01", price = "99.00", was = "169.00", stock = 3, each = 2 },
  { sku = "G02", price = "9.00", was = "16.00", stock = 2, each = 1 },
]
early = { to = "segment('vip')", by = "2h", stock = 1 }
unpaid = "15m"
limit = { per = "day", times = 3 }
budget = { amount = 7 }
"""
)

Way = Literal["one by one", "in batches", "as events"]


@frozen
class Move:
    """A claim, or the payment of one."""

    paid: bool
    second: int
    who: str
    item: str
    quantity: int
    request: str


@define
class Slow:
    """The rules of the sale, in the plainest words: every claim is judged over all that was granted before it."""

    held: dict[str, tuple[Move, str]] = field(factory=dict)
    kept: list[tuple[Move, str]] = field(factory=list)
    answers: dict[str, str] = field(factory=dict)
    payments: list[Move] = field(factory=list)

    def take(self, move: Move) -> None:
        if move.paid:
            self.payments.append(move)
            self.confirm(move.request)
        elif move.request not in self.answers:
            self.held = {name: one for name, one in self.held.items() if one[0].second + UNPAID > move.second}
            lot = self.lot(move)
            self.answers[move.request] = "reserved" if lot else "refused"
            if lot:
                self.held[move.request] = (move, lot)
                self.confirm(move.request)

    def confirm(self, request: str) -> None:
        held = self.held.get(request)
        paid = [one.second for one in self.payments if one.request == request]
        if held and any(second < held[0].second + UNPAID for second in paid):
            self.kept.append(self.held.pop(request))

    def lot(self, move: Move) -> str:
        """Return which stock the claim gets its units of; empty for none."""
        if move.second >= END or move.quantity < 1:
            return ""
        lots = ["early"] if move.who in VIPS and move.second >= BEGIN - EARLY_BY else []
        lots += ["all"] if move.second >= BEGIN else []
        return next((lot for lot in lots if self.fits(move, lot)), "")

    def fits(self, move: Move, lot: str) -> bool:
        taken = [*self.held.values(), *self.kept]
        same = [one for one, at in taken if one.item == move.item and at == lot]
        own = [one for one, _ in taken if one.who == move.who]
        today = [one for one in own if (one.second < BEGIN) == (move.second < BEGIN)]
        return (
            units(same) + move.quantity <= (STOCK[move.item] if lot == "all" else EARLY_STOCK)
            and units([one for one in own if one.item == move.item]) + move.quantity <= EACH[move.item]
            and len(today) < TIMES
            and units([one for one, _ in taken]) + move.quantity <= UNITS
        )


def units(moves: Sequence[Move]) -> int:
    return sum(one.quantity for one in moves)


def expected(moves: Sequence[Move]) -> tuple[dict[str, str], set[str]]:
    """Return the answer to every request, and the requests that were paid in time."""
    slow = Slow()
    for move in moves:
        slow.take(move)
    return slow.answers, {move.request for move, _ in slow.kept}


def event(move: Move) -> dict[str, Any]:
    when = datetime.fromtimestamp(move.second, UTC).isoformat()
    if move.paid:
        return happened(move.who, "paid", when, f"pay-{move.request}-{move.second}", ref=move.request)
    about = {"subject": "sale", "ref": move.item, "quantity": move.quantity}
    # The counter keeps what it is asked under this source: so the same request is the same event, by either way.
    return happened(move.who, "claimed", when, move.request, source="claims", **about)


def asked(move: Move) -> dict[str, Any]:
    return {
        "incentive": "sale",
        "member": f"wecom:{move.who}",
        "id": move.request,
        "item": move.item,
        "quantity": move.quantity,
    }


def prepared(path: Path) -> Brand:
    """Open a brand that knows who its best members are."""
    brand = opened(path)
    when = datetime.fromtimestamp(READY, UTC).isoformat()
    brand.ingest([happened(who, "joined", when, f"j-{who}") for who in MEMBERS], now=READY)
    brand.ingest([happened(who, "ordered", when, f"o-{who}", amount=100) for who in sorted(VIPS)], now=READY)
    brand.run(now=READY)
    return brand


def settled(brand: Brand, batch: Sequence[Move], way: Way) -> dict[str, str]:
    """Take a batch in one way; return the answers that were given at once."""
    if way == "as events":
        brand.ingest([event(move) for move in batch], now=LATER)
        brand.run(now=LATER)
        return {}
    given: dict[str, str] = {}
    gathered: list[Move] = []
    for move in [*batch, None]:
        # Claims go together as long as they have one moment; a payment, the next moment or the end closes the batch.
        closes = move is None or move.paid or (gathered and gathered[0].second != move.second)
        if gathered and (closes or way == "one by one"):
            answers = brand.claims([asked(one) for one in gathered], now=gathered[0].second)
            assert [answer.id for answer in answers] == [one.request for one in gathered]
            given |= {answer.id: answer.kind for answer in answers}
            gathered = []
        if move is None:
            break
        if move.paid:
            brand.ingest([event(move)], now=move.second)
        else:
            gathered.append(move)
    return given


def ledger(brand: Brand) -> tuple[dict[str, str], set[str]]:
    lines = rows(brand, "grants", "request", "kind")
    answers = {request: kind for request, kind in lines if kind in {"reserved", "granted", "refused"}}
    assert len(answers) == sum(kind in {"reserved", "granted", "refused"} for _, kind in lines)
    return answers, {request for request, kind in lines if kind == "confirmed"}


@st.composite
def histories(draw: st.DrawFn) -> list[Move]:
    """Draw claims and payments in the order of time: repeated ids, too early, too late, too many, paid or not."""
    steps = st.sampled_from([0, 0, 0, 60, 300, UNPAID - 1, UNPAID, 3600])
    second = BEGIN - EARLY_BY - draw(st.sampled_from([300, 0, 0]))
    moves: list[Move] = []
    for number in range(draw(st.integers(3, 24))):
        second += draw(steps)
        claims = [move for move in moves if not move.paid]
        sort = draw(st.sampled_from(["claim", "claim", "claim", "pay", "again"])) if claims else "claim"
        if sort == "claim":
            who, item = draw(st.sampled_from(MEMBERS)), draw(st.sampled_from(["G01", "G01", "G02"]))
            quantity = draw(st.sampled_from([1, 1, 1, 2, 0]))
            moves.append(Move(False, second, who, item, quantity, f"r{number}"))
        else:
            old = draw(st.sampled_from(claims))
            moves.append(Move(sort == "pay", second, old.who, old.item, old.quantity, old.request))
    return moves


@st.composite
def cuts(draw: st.DrawFn) -> list[tuple[int, Way]]:
    """Draw where to cut a history, and how to take what stands before each cut."""
    ways: st.SearchStrategy[Way] = st.sampled_from(["one by one", "in batches"])
    return draw(st.lists(st.tuples(st.integers(1, 24), ways), min_size=1, max_size=3))


def cut(moves: Sequence[Move], places: Sequence[tuple[int, Way]]) -> list[tuple[Sequence[Move], Way]]:
    ends = sorted(places)
    begins = [0, *(end for end, _ in ends)]
    parts = [(moves[begin:end], way) for begin, (end, way) in zip(begins, ends, strict=False)]
    return [*parts, (moves[begins[-1] :], ends[0][1])]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("claims"), TOML)


@given(moves=histories(), places=cuts(), reopened=st.booleans())
@settings(max_examples=rounds(5, 60))
def test_claims_at_the_counter(path: Path, moves: list[Move], places: list[tuple[int, Way]], *, reopened: bool) -> None:
    answers, confirmed = expected(moves)
    with prepared(path) as brand:
        given: dict[str, str] = {}
        for batch, way in cut(moves, places):
            given |= settled(brand, batch, way)
            if reopened:
                brand._grants.forget()
        assert given == answers
        # The last payments wait for a claim or a run that looks at them.
        brand.run(now=LATER)
        assert ledger(brand) == (answers, confirmed)
        gapless(brand)


@given(moves=histories(), places=cuts(), at_once=st.booleans())
@settings(max_examples=rounds(4, 50))
def test_claims_that_come_in_as_events(
    path: Path, moves: list[Move], places: list[tuple[int, Way]], *, at_once: bool
) -> None:
    begin = BEGIN - EARLY_BY
    answers, confirmed = expected(moves)
    # A claim from before the sale is history to a run, and no event comes twice with another moment.
    first = {move.request: move for move in reversed(moves) if not move.paid}
    fresh = [move for move in moves if move.paid or first[move.request] is move]
    with prepared(path) as brand:
        for number, (batch, way) in enumerate(cut(fresh, places)):
            settled(brand, batch, "as events" if at_once or number % 2 == 0 else way)
        brand.run(now=LATER)
        found = ledger(brand)
        counted = {request for request, move in first.items() if move.second >= begin}
        assert {request: kind for request, kind in found[0].items() if request in counted} == {
            request: kind for request, kind in answers.items() if request in counted
        }
        assert found[1] == confirmed
        gapless(brand)


def test_a_payment_that_is_known_before_its_claim_counts_whenever_the_two_are_looked_at(path: Path) -> None:
    claim = Move(False, BEGIN + 60, "m3", "G01", 1, "r1")
    payment = Move(True, BEGIN + 120, "m3", "G01", 1, "r1")
    found = []
    for together in (True, False):
        with prepared(path) as brand:
            brand.ingest([event(payment)], now=LATER)
            if not together:
                brand.claim("sale", member="wecom:m4", id="r0", item="G02", now=BEGIN + 121)
                brand.run(now=LATER)
            brand.ingest([event(claim)], now=LATER)
            brand.run(now=LATER)
            brand.run(now=LATER)
            found.append([line for line in rows(brand, "grants", "request", "kind") if line[0] == "r1"])
    assert found == [[("r1", "reserved"), ("r1", "confirmed")]] * 2


def test_nothing_to_ask_and_nothing_to_take(path: Path) -> None:
    with prepared(path) as brand:
        assert brand.claims([], now=BEGIN) == []
        assert brand.ingest([], now=BEGIN).counts["events"] == 0


def test_a_request_that_waits_as_an_event_is_answered_once_at_the_counter(path: Path) -> None:
    claim = Move(False, BEGIN + 60, "m3", "G01", 1, "r1")
    with prepared(path) as brand:
        brand.ingest([event(claim)], now=BEGIN + 60)
        answers = brand.claims([asked(claim), asked(claim)], now=BEGIN + 90)
        assert [answer.kind for answer in answers] == ["reserved", "reserved"]
        assert answers[0].until == BEGIN + 60 + UNPAID
        assert Counter(kind for (kind,) in rows(brand, "events", "type"))["claimed"] == 1
        gapless(brand)
