"""Check-ins and challenges give what a plain reading of all facts gives, at any rhythm of runs and order of facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, rounds, rows
from tests.crashes import Crash, crashes, crashing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from siyu.brand import Brand

FIRST = date(2026, 11, 25)
DAYS = 14
MEMBERS = ["m0", "m1", "m2"]
CARDS, WITHIN = 2, 3
ROW = {"2-days": (2, 3), "4-days": (4, 1)}
ANY = {"3-days": (3, 2)}
SETTLE = 2
TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-11-25
earn = [{ event = "joined", points = 1 }]
[incentive.rows]
use = "check-in"
from = 2026-11-25
levels = [{ days = 2, gives = { points = 5 }, times = 3 }, { days = 4, gives = { points = 50 } }]
cards = { times = 2, within = "3d" }
[incentive.visits]
use = "check-in"
from = 2026-11-25
count = "any"
per = "week"
levels = [{ days = 3, gives = { points = 7 }, times = 2 }]
[incentive.ways]
use = "challenge"
from = 2026-11-25
per = "week"
tasks = [
  { event = "checked_in", times = 2 },
  { event = "shared" },
  { event = "paid", at_least = "50.00", settle = "2d" },
]
levels = [{ tasks = 1, gives = { points = 11 } }, { tasks = 3, gives = { points = 100 } }]
"""
)

Given: TypeAlias = "Counter[tuple[str, str, str, str]]"
"""How often: who, incentive, level, period."""


@frozen
class Fact:
    """What a member did on a day, counted from the first; a card is used for a day some days before."""

    who: str
    what: str
    day: int
    ago: int = 0
    amount: int = 0

    def event(self, number: int) -> dict[str, Any]:
        when = f"{FIRST + timedelta(days=self.day)}T04:00:00"
        about: dict[str, Any] = {}
        if self.what == "made_up":
            about = {"subject": "rows", "ref": str(FIRST + timedelta(days=self.day - self.ago))}
        if self.what in {"paid", "refunded"}:
            about = {"ref": f"o{self.ago}", "amount": self.amount}
        return happened(self.who, self.what, when, f"e{number}", **about)


def week(day: int) -> str:
    """Return the number of a day's Monday, as text."""
    found = FIRST + timedelta(days=day)
    return str((found - timedelta(days=found.weekday()) - date(1970, 1, 1)).days)


def month(day: int) -> str:
    return f"{FIRST + timedelta(days=day):%Y-%m}"


def made_up(facts: Sequence[Fact], who: str) -> set[int]:
    """Return the missed days that cards fill, in the order in which the cards came in."""
    used: Counter[str] = Counter()
    days = set()
    for fact in facts:
        missed = fact.day - fact.ago
        if fact.who == who and fact.what == "made_up" and 1 <= fact.ago <= WITHIN and missed >= 0:
            used[month(fact.day)] += 1
            if used[month(fact.day)] <= CARDS:
                days.add(missed)
    return days


def runs(days: Iterable[int], length: int) -> int:
    """Return how often a row of days without a gap reaches a length, and each length again."""
    found, row, before = 0, 0, None
    for day in sorted(days):
        row = row + 1 if before is not None and day == before + 1 else 1
        found += row % length == 0
        before = day
    return found


def expected(facts: Sequence[Fact], now: int) -> Given:
    """Return how often each member reached each level of each incentive in each period."""
    found: Given = Counter()
    for who in MEMBERS:
        came = {fact.day for fact in facts if fact.who == who and fact.what == "checked_in"}
        months, weeks = defaultdict(set), defaultdict(set)
        for day in came | made_up(facts, who):
            months[month(day)].add(day)
        for day in came:
            weeks[week(day)].add(day)
        for level, (days, times) in ROW.items():
            found |= {(who, "rows", level, name): min(times, runs(part, days)) for name, part in months.items()}
        for level, (days, times) in ANY.items():
            found |= {(who, "visits", level, name): min(times, len(part) // days) for name, part in weeks.items()}
        for name in {week(fact.day) for fact in facts}:
            done = tasks(facts, who, name, now)
            found |= {(who, "ways", f"{least}-tasks", name): int(done >= least) for least in (1, 3)}
    return +found


def tasks(facts: Sequence[Fact], who: str, of: str, now: int) -> int:
    mine = [fact for fact in facts if fact.who == who and week(fact.day) == of]
    visits = sum(fact.what == "checked_in" for fact in mine)
    shares = sum(fact.what == "shared" for fact in mine)
    stood = [fact for fact in mine if fact.what == "paid" and fact.amount >= 5000 and fact.day + SETTLE <= now]
    kept = [one for one in stood if not any(returns(fact, one) for fact in facts)]
    return (visits >= 2) + (shares >= 1) + (len(kept) >= 1)


def returns(fact: Fact, paid: Fact) -> bool:
    return (fact.who, fact.what, fact.ago) == (paid.who, "refunded", paid.ago) and fact.day <= paid.day + SETTLE


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Draw check-ins on many days, cards, shares, payments and refunds, in the order of days."""
    who, day = st.sampled_from(MEMBERS), st.integers(0, DAYS)
    visits = draw(st.lists(st.tuples(who, day), max_size=40))
    facts = [Fact(name, "checked_in", at) for name, at in visits]
    facts += [
        Fact(*one) for one in draw(st.lists(st.tuples(who, st.just("made_up"), day, st.integers(-1, 4)), max_size=9))
    ]
    facts += [Fact(*one) for one in draw(st.lists(st.tuples(who, st.just("shared"), day), max_size=6))]
    money = st.sampled_from([4999, 5000, 9000])
    for number, (name, at, amount) in enumerate(draw(st.lists(st.tuples(who, day, money), max_size=6))):
        facts.append(Fact(name, "paid", at, number, amount))
        back = draw(st.sampled_from([None, None, 0, SETTLE, SETTLE + 1]))
        facts += [] if back is None else [Fact(name, "refunded", at + back, number, 1)]
    return sorted(facts, key=lambda fact: fact.day)


def found(brand: Brand) -> Given:
    text = "SELECT member, incentive, item, lot FROM grants WHERE incentive != 'points'"
    with brand.store.opened() as session:
        lines = session.cursor.execute(text).fetchall()
    names = {brand.number(f"wecom:{who}"): who for who in MEMBERS}
    return Counter((names[member], incentive, item, lot.partition(":")[0]) for member, incentive, item, lot in lines)


def as_one(counts: Given) -> Given:
    """Return the counts of the first two members together."""
    both: Given = Counter()
    for (who, *rest), times in counts.items():
        both[("m0" if who == "m1" else who), *rest] += times  # type: ignore[index]
    return both


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("streaks"), TOML)


@given(facts=histories(), data=st.data(), late=st.booleans(), merged=st.integers(0, 4) | st.none(), ways=crashes())
@settings(max_examples=rounds(1, 80))
def test_levels_at_any_rhythm(
    path: Path, facts: list[Fact], data: st.DataObject, *, late: bool, merged: int | None, ways: list[Crash]
) -> None:
    """A refund is told with what it is of; all else may come in any number of days late, also after a merge."""
    facts = data.draw(st.permutations(facts)) if late else facts
    numbered = list(enumerate(facts))
    refunds = [one for one in numbered if one[1].what == "refunded"]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(facts)), max_size=4)))
    with crashing(path, ways) as brand:
        brand.ingest([happened(who, "joined", f"{FIRST}T00:00:00", f"j{who}") for who in MEMBERS], now=after(0))
        if refunds:
            brand.ingest([fact.event(number) for number, fact in refunds], now=after(DAYS + 9))
        taken: list[Fact] = []
        before: Given = Counter()
        for place, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(facts)], strict=True)):
            part = numbered[begin:end]
            taken += [fact for _, fact in part]
            latest = max((fact.day for fact in taken), default=0)
            if part:
                brand.ingest([fact.event(number) for number, fact in part], now=after(latest))
            brand.run(now=after(latest), send=False)
            if place == merged:
                before = as_one(found(brand))
                brand.merge("wecom:m0", "wecom:m1", by="test", why="one person", now=after(latest))
        brand.run(now=after(DAYS + 9), send=False)
        brand.run(now=after(DAYS + 9), send=False)
        whole = [fact for _, fact in refunds] + facts
        one = merged is not None and merged <= len(cuts)
        owned = [evolve(fact, who="m0") if one and fact.who == "m1" else fact for fact in whole]
        # What was given before two turned out to be one stands, and counts for both.
        known = expected(owned, DAYS + 9) | before
        given_ = found(brand)
        assert (as_one(given_) if one else given_) == known
        worth = {"rows": {"2-days": 5, "4-days": 50}, "visits": {"3-days": 7}, "ways": {"1-tasks": 11, "3-tasks": 100}}
        lines = rows(brand, "grants", "incentive", "amount")
        points = sum(amount for incentive, amount in lines if incentive == "points")
        assert points - len(MEMBERS) == sum(worth[one_][level] * times for (_, one_, level, _), times in known.items())
        gapless(brand)


def after(day: int) -> str:
    """Return a moment on the evening of a day, counted from the first."""
    return f"{FIRST + timedelta(days=day)}T22:00:00"
