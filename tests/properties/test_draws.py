"""A draw comes out as anybody can work it out from seed and tickets, at any rhythm of runs and order of facts."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds
from tests.crashes import Crash, crashes, crashing

from siyu_plugins.incentives._lottery_commands import checked, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

SEED = "a seed that is secret until the draw"
MEMBERS = [f"m{number}" for number in range(6)]
PRIZES = {"cup": 1, "tin": 3}
WORTH = 5
MOST = 30
BEFORE, DRAWN = "2026-12-04T12:00", "2026-12-05T12:00"
TOML = (
    HEAD
    + f"""
[incentive.points]
use = "points"
from = 2026-12-01
earn = [{{ event = "joined", points = 1 }}]
[incentive.golden]
use = "lottery"
from = 2026-12-01
until = 2026-12-03
wait = "1d"
enter = [
  {{ event = "paid", at_least = "100.00", tickets = 3 }},
  {{ event = "paid", at_least = "50.00" }},
]
budget = {{ amount = {MOST} }}
prizes = [
  {{ id = "cup", number = 1, worth = "999.00", gives = {{ points = {WORTH} }} }},
  {{ id = "tin", number = 3, worth = "88.00" }},
]
commitment = "{sha256(SEED.encode()).hexdigest()}"
seed = {{ file = "seed" }}
wins = 1
"""
)


@frozen
class Order:
    """An order of a member: on which day of the month, for how much, and on which day it was refunded."""

    who: str
    day: int
    amount: int
    back: int | None

    def events(self, number: int) -> list[dict[str, Any]]:
        about = {"ref": f"o{number}", "amount": self.amount}
        found = [happened(self.who, "paid", f"2026-12-{self.day:02}T03:00:00", f"p{number}", **about)]
        if self.back is not None:
            found.append(happened(self.who, "refunded", f"2026-12-{self.back:02}T03:00:00", f"r{number}", **about))
        return found

    @property
    def tickets(self) -> int:
        counts = self.day <= 3 and self.back is None
        return 0 if not counts else 3 if self.amount >= 10000 else 1 if self.amount >= 5000 else 0


def expected(tickets: Sequence[tuple[int, str, int]]) -> list[tuple[str, int]]:
    """Return the prize and the ticket of each winner, by the words of the manual."""
    listed = [(number, who) for number, who, times in sorted(tickets) for _ in range(times)]
    left = [prize for prize, number in PRIZES.items() for _ in range(number)]
    won: dict[str, tuple[str, int]] = {}
    for k in range(100 * len(left)):
        if listed and left:
            place = int(sha256(f"{SEED}:golden:{k}".encode()).hexdigest(), 16) % len(listed)
            number, who = listed[place]
            if who not in won:
                won[who] = (left.pop(0), number)
    return list(won.values())


def drawn(brand: Brand) -> list[tuple[str, int]]:
    return [(one["prize"], one["ticket"]) for one in told(brand, "golden")["winners"]]


def numbers(brand: Brand) -> dict[str, int]:
    """Return the ids of events by their names at their source."""
    with brand.store.opened() as session:
        return dict(session.cursor.execute("SELECT source_id, id FROM events").fetchall())


@st.composite
def histories(draw: st.DrawFn) -> list[Order]:
    who, day = st.sampled_from(MEMBERS), st.sampled_from([1, 2, 3, 3, 4])
    amount, back = st.sampled_from([4999, 5000, 9999, 10000]), st.sampled_from([None, None, None, 4])
    return [Order(*one) for one in draw(st.lists(st.tuples(who, day, amount, back), max_size=9))]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = folder(tmp_path_factory.mktemp("draws"), TOML)
    (made / "seed").write_text(f"{SEED}\n", encoding="utf-8")
    return made


@given(orders=histories(), data=st.data(), ways=crashes())
@settings(max_examples=rounds(1, 60))
def test_a_draw_at_any_rhythm(path: Path, orders: list[Order], data: st.DataObject, ways: list[Crash]) -> None:
    events = [event for number, order in enumerate(orders) for event in order.events(number)]
    events = data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(events)))
    runs = data.draw(st.lists(st.sampled_from([BEFORE, DRAWN]), min_size=1, max_size=3))
    with crashing(path, ways) as brand:
        brand.ingest([happened(who, "joined", "2026-12-01T00:00:00", f"j{who}") for who in MEMBERS], now=BEFORE)
        brand.ingest(events[:cut], now=BEFORE)
        brand.run(now=BEFORE, send=False)
        brand.ingest(events[cut:], now=BEFORE)
        for now in (*sorted(runs), DRAWN, DRAWN):
            brand.run(now=now, send=False)
        ids = numbers(brand)
        tickets = [(ids[f"p{n}"], order.who, order.tickets) for n, order in enumerate(orders) if order.tickets]
        assert drawn(brand) == expected(tickets)
        assert told(brand, "golden")["tickets"] == sum(times for *_, times in tickets)
        if tickets:
            assert checked(brand, "golden").startswith("the seed is the one committed to")
            winners = Counter(line["member"] for line in told(brand, "golden")["winners"])
            assert max(winners.values()) == 1
        gapless(brand)
        late = happened("m0", "paid", "2026-12-02T03:00:00", "late", ref="late", amount=90000)
        before = drawn(brand)
        brand.ingest([late], now=DRAWN)
        brand.run(now="2026-12-06T12:00", send=False)
        assert not before or drawn(brand) == before


def test_a_cup_is_paid_in_points_once(path: Path) -> None:
    with opened(path) as brand:
        brand.ingest([*Order("m0", 1, 5000, None).events(0)], now=BEFORE)
        for now in (BEFORE, DRAWN, DRAWN, "2026-12-06T12:00"):
            brand.run(now=now, send=False)
        with brand.store.opened() as session:
            text = "SELECT incentive, kind, item, amount FROM grants WHERE cause_kind = 'draw' ORDER BY 1"
            lines = session.cursor.execute(text).fetchall()
        assert lines == [("golden", "won", "cup", 0), ("points", "earned", "", WORTH)]
