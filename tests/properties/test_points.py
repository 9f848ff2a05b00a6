"""Points are earned, spent, reversed and expire as in a plain model, however facts are cut into runs."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, contents, folder, gapless, happened, rounds, rows
from tests.crashes import Crash, crashes, crashing

from siyu.config.units import Duration, Money
from siyu.tables import TABLES
from siyu.testing.views import EngineName, work
from siyu.view import View
from siyu_plugins.incentives.points import Earn, Points

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from siyu.brand import Brand

DAY = 86_400
# 2026-12-01 in UTC, the first day of the incentive.
START = 1_796_083_200
PENDING, LASTS = 2 * DAY, 10 * DAY
END = START + 400 * DAY
MEMBERS = (1, 2)
BRAND = '[brand]\nname = "tea"\nzone = "UTC"\n'
RULES = (Earn(event="ordered", points=1, per=Money(100)), Earn(event="ordered", points=3, subject="tea", id="tea"))

Policy = Literal["negative", "next"]
Key = tuple[str, str]
Row = dict[str, Any]


@frozen
class Move:
    """A fact, or that a member spends: ``number`` is the event's id, ``about`` the order that a refund is of."""

    sort: Literal["order", "refund", "correct", "spend"]
    number: int
    second: int
    member: int
    amount: int | None
    about: int = 0
    tea: bool = False


@define
class Lot:
    """Some points of a member, and what became of them."""

    key: Key
    since: int
    available: int
    expires: int
    earned: int
    left: int
    worth: int
    backs: list[int | None] = field(factory=list)
    back: int = 0

    @property
    def order(self) -> tuple[int, int, str, str]:
        return self.expires, self.available, self.key[1], self.key[0]


@define
class Slow:
    """The rules of points for one member, in the plainest words, one moment after the other."""

    policy: Policy
    lots: dict[Key, Lot] = field(factory=dict)
    debts: list[tuple[Key | None, int]] = field(factory=list)
    expired: dict[Key, int] = field(factory=dict)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots.values())

    def at(self, second: int) -> None:
        """Let everything expire that does until then."""
        for lot in self.lots.values():
            if lot.expires <= second and lot.left > 0:
                self.expired[lot.key] = lot.left
                lot.left = 0

    def gain(self, key: Key, move: Move, points: int, pending: int) -> None:
        if points > 0:
            begin = move.second + pending
            worth = move.amount or 1
            self.lots[key] = Lot(key, move.second, begin, begin + LASTS, points, points, worth)
            self.pay(move.second)

    def refund(self, key: Key, move: Move) -> None:
        lot = self.lots.get(key)
        if lot is None or move.second >= lot.expires:
            return
        lot.backs.append(move.amount)
        back = sum(lot.worth if part is None else part for part in lot.backs)
        due = lot.earned * min(back, lot.worth) // lot.worth
        less, lot.back = due - lot.back, due
        short = max(0, less - max(0, lot.left))
        lot.left -= less if self.policy == "negative" else less - short
        if short:
            self.debts.append((key if self.policy == "negative" else None, short))

    def pay(self, second: int) -> None:
        """Let what is there pay what is owed."""
        left: list[tuple[Key | None, int]] = []
        for key, debt in self.debts:
            rest = debt
            for lot in sorted(self.lots.values(), key=lambda lot: lot.order):
                if lot.left > 0 and lot.expires > second:
                    paid = min(rest, lot.left)
                    rest, lot.left = rest - paid, lot.left - paid
                    if key is not None:
                        self.lots[key].left += paid
            left += [(key, rest)] if rest else []
        self.debts = left

    def spend(self, move: Move) -> dict[Key, int]:
        """Spend what can be, the first to expire first; return how much of which lot."""
        wanted, used = move.amount or 0, {}
        for lot in sorted(self.lots.values(), key=lambda lot: lot.order):
            if lot.available <= move.second < lot.expires and lot.left > 0 and wanted:
                part = min(wanted, lot.left)
                wanted, lot.left = wanted - part, lot.left - part
                used[lot.key] = part
        return used

    def take(self, move: Move) -> dict[Key, int]:
        self.at(move.second)
        if move.sort == "order":
            worth = move.amount or 0
            self.gain(("ordered", str(move.number)), move, worth // 100, PENDING)
            if move.tea:
                self.gain(("tea", str(move.number)), move, 3, PENDING)
        elif move.sort == "refund":
            for item in ("ordered", "tea"):
                self.refund((item, str(move.about)), move)
            self.pay(move.second)
        elif move.sort == "correct":
            units, key = move.amount or 0, ("corrected", str(move.number))
            if units > 0:
                self.gain(key, move, units, 0)
            elif units < 0:
                self.lots[key] = Lot(key, move.second, move.second, END * 2, 0, units, 1)
                self.debts.append((key, -units))
                self.pay(move.second)
        else:
            return self.spend(move)
        return {}


@define
class Books:
    """A ledger that grows by what an incentive settles, as the one writer lets it."""

    incentive: Points
    engine: EngineName = "polars"
    events: list[Row] = field(factory=list)
    grants: list[Row] = field(factory=list)
    canon: dict[int, int] = field(factory=dict)

    def hear(self, moves: Sequence[Move]) -> None:
        self.events += [event(move) for move in moves if move.sort != "spend"]

    def view(self, now: int) -> View:
        made = base(self.engine)
        tables = {"events": self.events, "grants": self.grants}
        tables["canon"] = [{"member": member, "canon": canon} for member, canon in self.canon.items()]
        engine = made.session.engine
        held = dict(made.view.raw)
        for name, told in tables.items():
            schema = TABLES[name].schema
            held[name] = engine.frame({column: [row.get(column) for row in told] for column in schema}, schema)
        return View(held, now=now, programme=made.programme, engine=engine, joined=bool(self.canon))

    def run(self, now: int) -> int:
        """Settle, and add what is new by what tells lines apart; return how many lines that are."""
        seen = self.view(now)
        frame = self.incentive.settle(seen)
        names = frame.collect_schema().names()
        rows = [dict(zip(names, row, strict=True)) for row in seen.rows(frame)]
        known = {self.name(row) for row in self.grants}
        fresh = [row for row in rows if self.name(row) not in known]
        assert len({self.name(row) for row in fresh}) == len(fresh)
        self.grants += sorted(fresh, key=lambda row: (row["time"], repr(row)))
        return len(fresh)

    def name(self, row: Row) -> tuple[Any, ...]:
        member = self.canon.get(row["member"], row["member"])
        return (row["kind"], member, row["item"], row["lot"], row["cause_kind"], row["cause"])

    def spend(self, move: Move, used: Mapping[Key, int]) -> None:
        for (item, lot), amount in used.items():
            about = {"incentive": "points", "kind": "redeemed", "cause_kind": "claim", "cause": str(move.number)}
            times = {"time": move.second, "available": move.second}
            self.grants.append({**about, **times, "member": move.member, "item": item, "lot": lot, "amount": -amount})

    def left(self, member: int) -> dict[Key, int]:
        """Return what is left of each lot that has something left, or is in debt."""
        sums: dict[Key, int] = defaultdict(int)
        for row in self.grants:
            if self.canon.get(row["member"], row["member"]) == member:
                sums[row["item"], row["lot"]] += row["amount"]
        return {key: amount for key, amount in sums.items() if amount}

    def of(self, kind: str) -> dict[tuple[int, Key], int]:
        sums: dict[tuple[int, Key], int] = defaultdict(int)
        for row in self.grants:
            if row["kind"] == kind:
                sums[row["member"], (row["item"], row["lot"])] += row["amount"]
        return dict(sums)

    def told(self) -> list[str]:
        """Return what tells of the lines, whenever they were written."""
        return sorted(repr(sorted((name, row[name]) for name in row if row[name] is not None)) for row in self.grants)


_BASES: dict[EngineName, Any] = {}


def base(engine: EngineName) -> Any:  # noqa: ANN401 - a pass, made once
    if engine not in _BASES:
        _BASES[engine] = work(BRAND, {"events": []}, START, engine)
    return _BASES[engine]


def points(policy: Policy = "negative", **more: Any) -> Points:  # noqa: ANN401 - its attributes
    spans = {"pending": Duration(PENDING), "expires": Duration(LASTS)}
    return Points(name="points", from_=date(2026, 12, 1), earn=RULES, spent=policy, **{**spans, **more})


def event(move: Move) -> Row:
    about: Row = {"type": "ordered", "ref": f"r{move.number}", "amount": move.amount}
    if move.sort == "refund":
        about = {"type": "refunded", "ref": f"r{move.about}", "amount": move.amount}
    if move.sort == "correct":
        about = {"type": "corrected", "subject": "points", "quantity": move.amount, "staff": "Mei"}
    if move.tea:
        about["subject"] = "tea"
    moment = {"second": move.second, "day": move.second // DAY}
    named = {"id": move.number, "source": "test", "source_id": str(move.number), "entry": "shop"}
    return {**named, **moment, "member": move.member, **about}


@st.composite
def histories(draw: st.DrawFn, sorts: Sequence[str]) -> list[Move]:
    """Draw what happens, one moment after the other, often on the second when something expires."""
    second, moves = START, list[Move]()
    steps = st.sampled_from([1, 60, DAY, PENDING, LASTS - 1, LASTS, PENDING + LASTS, PENDING + LASTS - DAY])
    for number in range(1, draw(st.integers(3, 14))):
        second += draw(steps)
        orders = [move for move in moves if move.sort == "order"]
        sort = draw(st.sampled_from(sorts)) if orders else "order"
        member = draw(st.sampled_from(MEMBERS))
        if sort == "refund":
            old = draw(st.sampled_from(orders))
            back = draw(st.sampled_from([None, 1, 100, 333, 500, 1000]))
            moves.append(Move("refund", number, second, old.member, back, old.number))
        elif sort == "correct":
            moves.append(Move("correct", number, second, member, draw(st.sampled_from([-7, -1, 2, 9]))))
        elif sort == "spend":
            moves.append(Move("spend", number, second, member, draw(st.sampled_from([1, 3, 8, 20]))))
        else:
            amount = draw(st.sampled_from([99, 500, 1000, 1050]))
            moves.append(Move("order", number, second, member, amount, tea=draw(st.booleans())))
    return moves


def modelled(moves: Sequence[Move], policy: Policy) -> tuple[dict[int, Slow], dict[int, dict[Key, int]]]:
    """Return each member's model at the end, and what was spent by each move, by its number."""
    slow = {member: Slow(policy) for member in MEMBERS}
    used = {move.number: slow[move.member].take(move) for move in moves}
    for one in slow.values():
        one.at(END)
    return slow, used


def settled(books: Books, now: int) -> None:
    """Run until nothing is new: lots that are new pay debts in the next run, and the rest of them then expires."""
    for _ in range(4):
        if not books.run(now):
            return
    raise AssertionError


def compared(books: Books, slow: Mapping[int, Slow]) -> None:
    for member, one in slow.items():
        assert books.left(member) == {key: lot.left for key, lot in one.lots.items() if lot.left}
        expired = {key: -amount for (who, key), amount in books.of("expired").items() if who == member}
        assert expired == one.expired


@given(moves=histories(["order", "refund", "correct"]), cuts=st.sets(st.integers(0, 14)))
@settings(max_examples=rounds(5, 200))
def test_whenever_runs_look_the_ledger_is_the_same(moves: list[Move], cuts: set[int]) -> None:
    facts = [move for move in moves if move.sort != "correct" or (move.amount or 0) > 0]
    slow, _ = modelled(facts, "negative")
    books, whole = Books(points()), Books(points())
    for position, move in enumerate(facts):
        books.hear([move])
        if position in cuts:
            books.run(move.second)
    books.run(END)
    compared(books, slow)
    whole.hear(facts)
    whole.run(END)
    assert books.told() == whole.told()
    assert whole.run(END) == 0


@given(
    moves=histories(["order", "refund", "spend", "spend", "correct"]),
    policy=st.sampled_from(["negative", "next"]),
    cuts=st.sets(st.integers(0, 14)),
    engine=st.sampled_from([*["polars"] * 9, "duckdb"]),
)
@settings(max_examples=rounds(5, 200))
def test_what_is_spent_is_taken_back_of_the_next(
    moves: list[Move], policy: Policy, cuts: set[int], engine: EngineName
) -> None:
    slow, used = modelled(moves, policy)
    books = Books(points(policy), engine)
    for position, move in enumerate(moves):
        if move.sort == "spend":
            settled(books, move.second)
            books.spend(move, used[move.number])
        books.hear([move])
        # A refund is settled by what was spent by then, so one run stands between it and what comes after.
        if position in cuts or move.sort in {"refund", "correct"}:
            settled(books, move.second)
    settled(books, END)
    compared(books, slow)


@given(
    moves=histories(["order", "refund", "spend", "correct"]),
    policy=st.sampled_from(["negative", "next"]),
    chance=st.randoms(use_true_random=False),
    cuts=st.sets(st.integers(0, 14)),
    joined=st.none() | st.integers(0, 14),
)
@settings(max_examples=rounds(5, 200))
def test_points_are_conserved_in_whatever_order_facts_are_heard(
    moves: list[Move],
    policy: Policy,
    chance: Random,
    cuts: Collection[int],
    joined: int | None,
) -> None:
    heard = [*moves]
    chance.shuffle(heard)
    books, now = Books(points(policy)), START
    for position, move in enumerate(heard):
        now = max(now, move.second)
        books.hear([move])
        if position == joined:
            books.canon = {2: 1}
        if move.sort == "spend":
            settled(books, now)
            books.spend(move, spendable(books, move, now))
        if position in cuts:
            books.run(now)
    settled(books, END)
    for member in MEMBERS:
        left = books.left(member)
        debts = sum(amount for amount in left.values() if amount < 0)
        assert not [key for key, amount in left.items() if amount > 0], "what has expired is gone"
        if policy == "next":
            assert all(key[0] == "corrected" for key, amount in left.items() if amount < 0)
        assert sum(left.values()) == debts
    by_lot = {kind: books.of(kind) for kind in ("earned", "reversed", "covered")}
    assert sum(by_lot["covered"].values()) == 0
    for line, earned in by_lot["earned"].items():
        assert earned > 0
        assert policy == "next" or -by_lot["reversed"].get(line, 0) <= earned
    again = Books(points(policy), canon=books.canon, events=books.events, grants=[*books.grants])
    assert again.run(END) == 0


def spendable(books: Books, move: Move, now: int) -> dict[Key, int]:
    """Return what a member can spend now, out of which lots: what the desk would give."""
    member = books.canon.get(move.member, move.member)
    left = books.left(member)
    known = {(row["item"], row["lot"]): row for row in books.grants if row["kind"] in {"earned", "corrected"}}
    usable = [key for key, amount in left.items() if amount > 0 and known[key]["available"] <= now]
    order = sorted(usable, key=lambda key: (known[key]["expires"], known[key]["available"], key[1], key[0]))
    wanted, used = min(move.amount or 0, max(0, sum(left.values()))), {}
    for key in order:
        part = min(wanted, left[key])
        wanted -= part
        if part:
            used[key] = part
    return used


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_debt_is_paid_by_the_next_lot_before_it_expires(engine: EngineName) -> None:
    order = Move("order", 1, START, 1, 1000)
    spend = Move("spend", 2, START + 3 * DAY, 1, 8)
    refund = Move("refund", 3, START + 4 * DAY, 1, None, 1)
    later = Move("order", 4, START + 5 * DAY, 1, 500)
    expected: dict[Policy, dict[Key, int]] = {"negative": {("ordered", "1"): -3}, "next": {}}
    for policy, left in expected.items():
        books = Books(points(policy), engine)
        books.hear([order])
        books.run(spend.second)
        books.spend(spend, {("ordered", "1"): 8})
        books.hear([refund, later])
        settled(books, END)
        assert books.left(1) == left
        assert books.of("expired") == {}


TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-12-01
earn = [{ event = "ordered", per = "1.00", points = 1, most = { points = 25, per = "day" } }]
expires = "10d"
transfers = { most = 12 }
"""
)
NAMES = ("ann", "ben", "cle")
MOST = 12

Given = tuple[int, str, str, int]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("points"), TOML)


def lived(brand: Brand, orders: Sequence[tuple[int, str, int]], gifts: Sequence[Given], looks: Collection[int]) -> None:
    """Let days pass: orders come in, a run looks now and then and always before gifts, members give points away."""
    for day in range(16):
        now = START + day * DAY
        when = [order for order in orders if order[0] == day]
        facts = [
            happened(who, "ordered", datetime.fromtimestamp(now, UTC).isoformat(), f"o{day}-{number}", amount=amount)
            for number, (_, who, amount) in enumerate(when)
        ]
        given = [gift for gift in gifts if gift[0] == day]
        if facts:
            brand.ingest(facts, now=now)
        if given or day in looks:
            brand.run(now=now, send=False)
        for number, (_, who, to, units) in enumerate(given):
            name, other = f"g{day}-{number}", f"wecom:{to}"
            for _ in range(2):
                brand.claim("points", member=f"wecom:{who}", id=name, quantity=units, to=other, now=now + 60)
    brand.run(now=START + 30 * DAY, send=False)


@given(
    orders=st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(NAMES), st.sampled_from([300, 1000, 2000])), max_size=8
    ),
    gifts=st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([1, 5, 8])),
        min_size=1,
        max_size=5,
    ),
    looks=st.sets(st.integers(0, 15), max_size=3),
    ways=crashes(),
)
@settings(max_examples=rounds(1, 40))
def test_points_that_are_given_away_are_the_same_points(
    path: Path, orders: list[tuple[int, str, int]], gifts: list[Given], looks: set[int], ways: list[Crash]
) -> None:
    found = []
    for seen, how in ((looks, ways), (set[int](), ())):
        with crashing(path, how) as brand:
            brand.ingest([happened(who, "joined", "2026-12-01T00:00:00", f"j-{who}") for who in NAMES], now=START)
            lived(brand, orders, gifts, seen)
            gapless(brand)
            ledger = rows(brand, "grants", "kind", "member", "lot", "amount", "expires", "time")
            found.append(contents(brand, without=("runs", "folds"))["grants"])
    assert found[0] == found[1], "a replay with other runs in between gives the same ledger"
    moved = [line for line in ledger if line[0] == "transferred"]
    assert sum(line[3] for line in moved) == 0
    given: dict[int, int] = defaultdict(int)
    ends = {line[2]: line[4] for line in ledger if line[0] == "earned"}
    for _, member, lot, amount, expires, _ in moved:
        given[member] -= min(amount, 0)
        assert amount <= 0 or expires == ends[lot], "what is given expires when it would have"
    assert max(given.values(), default=0) <= MOST
    # All that is left has expired by the end, of whoever had it then.
    assert sum(line[3] for line in ledger) == 0
    assert -sum(line[3] for line in ledger if line[0] == "expired") == sum(
        line[3] for line in ledger if line[0] == "earned"
    )
    earned: dict[tuple[int, int], int] = defaultdict(int)
    for kind, member, _, amount, _, time in ledger:
        earned[member, time] += amount if kind == "earned" else 0
    assert max(earned.values(), default=0) <= 25
