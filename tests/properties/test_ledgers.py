"""Ledgers over months: statements and closed months add up against plain sums, whatever comes late or is reversed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, contents, folder, gapless, happened, opened, rounds, rows
from tests.crashes import Crash, crashes, crashing

from siyu.ledger.months import Month
from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

ZONE = "Asia/Shanghai"
BEGIN = moment("2026-11-01", ZONE)
DAY = 86_400
MEMBERS = ["ann", "bob", "cem"]
MONTHS = [Month(2026, 11), Month(2026, 12), Month(2027, 1)]
TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
expires = "20d"
worth = { units = 10, amount = "1.00" }
[incentive.friends]
use = "referral"
from = 2026-11-01
counts = { event = "ordered", within = "60d", settle = "1d" }
gives = { inviter = { points = 20 }, friend = { points = 5 } }
[incentive.sale]
use = "flash-sale"
from = 2026-11-01
items = [{ sku = "G01", price = "9.00", was = "16.00", stock = 4, each = 3 }]
unpaid = "1d"
"""
)
MOVED = ("earned", "opened", "granted", "redeemed", "expired", "reversed", "corrected", "transferred")


@frozen
class Step:
    """What happens at one moment: facts that come in, and then one thing that a person or the brand does."""

    day: int
    facts: tuple[tuple[str, str, int, int], ...]
    then: str
    who: str


def fact(number: str, what: str, who: str, day: int, amount: int) -> dict[str, Any]:
    when = datetime.fromtimestamp(BEGIN + day * DAY + amount, UTC).isoformat()
    place = {"place": ["north", "south"][amount % 2]}
    more: dict[str, dict[str, Any]] = {
        "ordered": {"ref": f"O{amount % 4}", "amount": amount * 100, **place},
        "refunded": {"ref": f"O{amount % 4}", "amount": amount * 50},
        "joined": {"ref": f"wecom:{MEMBERS[amount % 3]}", **place},
        "opened": {"subject": "points", "quantity": amount, "props": '{"proof": "old system"}'},
        "claimed": {"subject": "sale", "ref": "G01", "quantity": 1},
        "paid": {"ref": f"c-{amount % 4}", "amount": 900},
    }
    return happened(who, what, when, number, **more[what])


facts = st.tuples(
    st.sampled_from(["ordered", "ordered", "refunded", "joined", "opened", "claimed", "paid"]),
    st.sampled_from(MEMBERS),
    st.sampled_from([0, 0, 1, 25, 40]),
    st.integers(1, 9),
)
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([0, 1, 9, 16]),
        st.lists(facts, max_size=4).map(tuple),
        st.sampled_from(["run", "run", "tick", "claim", "merge", "reverse", "reverse all", "close", "close"]),
        st.sampled_from(MEMBERS),
    ),
    min_size=3,
    max_size=7,
)


def walked(brand: Brand, walk: Sequence[Step]) -> None:
    """Do the steps, each on its day, and close what can be closed in the end."""
    day = 5
    for number, step in enumerate(walk):
        day += step.day
        now = BEGIN + day * DAY + number
        late = [
            fact(f"{number}-{place}", what, who, max(0, day - back), amount)
            for place, (what, who, back, amount) in enumerate(step.facts)
        ]
        brand.ingest(late, now=now)
        done(brand, step, number, now)
    brand.run(now=BEGIN + 100 * DAY)
    for month in MONTHS:
        brand.close_month(str(month), now=BEGIN + 100 * DAY)


def done(brand: Brand, step: Step, number: int, now: int) -> None:
    if step.then == "run":
        brand.run(now=now)
    elif step.then == "tick":
        brand.tick(now=now)
    elif step.then == "claim":
        brand.claim("sale", member=f"wecom:{step.who}", id=f"c-{number % 4}", now=now)
    elif step.then == "merge":
        brand.merge("wecom:ann", "wecom:bob", by="Lin", why="one phone", now=now)
    elif step.then == "close":
        closes(brand, next((month for month in MONTHS if not brand.closings(str(month))), MONTHS[-1]), now)
    else:
        whole = step.then == "reverse all"
        name = "points" if whole else ["friends", "sale"][number % 2]
        brand.reverse(incentive=name, by="Lin", reason="wrong", debt=whole, now=now)


def closes(brand: Brand, month: Month, now: int) -> None:
    """Close a month where it is over, after a run."""
    if now >= month.next.begin(ZONE):
        brand.run(now=now)
        brand.close_month(str(month), now=now)


def sums(brand: Brand) -> dict[tuple[str, str], Counter[str]]:
    """Return the sum of each kind of line by month and incentive, in the plainest way."""
    known = {str(row["month"]): (int(str(row["until"])), int(str(row["watermark"]))) for row in brand.closings()}
    kinds = {"reserved": "granted", "confirmed": "granted", "released": "granted", "referred": "earned"}
    found: dict[tuple[str, str], Counter[str]] = {}
    for incentive, kind, amount, time, seq in rows(brand, "grants", "incentive", "kind", "amount", "time", "seq"):
        month = next((name for name, (until, mark) in sorted(known.items()) if time < until and seq <= mark), "")
        counted = found.setdefault((month, incentive), Counter())
        counted[kinds.get(kind, kind)] += amount
        if month and time < Month.parse(month).begin(ZONE):
            counted["late"] += amount
            counted["late_lines"] += 1
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("ledgers"), TOML)


@given(walk=steps, ways=crashes())
@settings(max_examples=rounds(1, 60))
def test_closed_months_add_up_and_follow_one_another(path: Path, walk: list[Step], ways: list[Crash]) -> None:
    with crashing(path, ways) as brand:
        walked(brand, walk)
        stored, plain = brand.closings(), sums(brand)
        assert {row["month"] for row in stored} == {str(month) for month in MONTHS}
        opening: Counter[str] = Counter()
        for month in map(str, MONTHS):
            of = [row for row in stored if row["month"] == month]
            for incentive in ("points", "friends", "sale"):
                those = [row for row in of if row["incentive"] == incentive]
                whole = {name: sum(int(str(row[name])) for row in those) for name in (*MOVED, "late", "late_lines")}
                assert whole == {name: plain.get((month, incentive), Counter())[name] for name in whole}
                assert sum(int(str(row["moved"])) for row in those) == 0
                assert sum(int(str(row["opening"])) for row in those) == opening[incentive]
                opening[incentive] += sum(whole[name] for name in MOVED)
                assert sum(int(str(row["closing"])) for row in those) == opening[incentive]
        gapless(brand)


@given(walk=steps, more=steps)
@settings(max_examples=rounds(1, 40))
def test_what_is_closed_stays_and_statements_and_audit_agree(path: Path, walk: list[Step], more: list[Step]) -> None:
    with opened(path) as brand:
        walked(brand, walk)
        before = brand.closings()
        later = [fact(f"late-{number}", *one) for number, step in enumerate(more) for one in step.facts[:1]]
        brand.ingest(later, now=BEGIN + 100 * DAY)
        brand.run(now=BEGIN + 101 * DAY)
        assert brand.closings() == before
        for incentive in ("points", "friends", "sale"):
            found = brand.ledger(incentive, now=BEGIN + 101 * DAY)
            lines = sorted(rows(brand, "grants", "time", "seq", "amount", "incentive"))
            amounts = [amount for _, _, amount, of in lines if of == incentive]
            running = [sum(amounts[: number + 1]) for number in range(len(amounts))]
            assert [one.balance for one in found.entries] == running
            assert sum(one.balance for one in found.balances) == sum(amounts)
        assert brand.audit(now=BEGIN + 101 * DAY).findings == []


@given(walk=steps, ways=crashes())
@settings(max_examples=rounds(1, 30))
def test_a_replay_into_another_store_gives_the_same_ledger_and_the_same_months(
    path: Path, walk: list[Step], ways: list[Crash]
) -> None:
    found = []
    for how in (ways, ()):
        with crashing(path, how) as brand:
            walked(brand, walk)
            lines = contents(brand)["grants"]
            months = [{name: one for name, one in row.items() if name != "watermark"} for row in brand.closings()]
            found.append((lines, months))
    assert found[0] == found[1]
