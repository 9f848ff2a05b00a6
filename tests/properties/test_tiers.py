"""The ledger of tiers says at every run who is in which, whenever runs look and however late facts are heard."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, contents, folder, gapless, happened, rounds
from tests.crashes import Crash, crashes, crashing

from siyu.tables import STATE, TABLES
from siyu.testing.views import work
from siyu.view import View
from siyu_plugins.incentives.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from random import Random

DAY = 86_400
# 2026-12-01 in UTC.
START = 1_796_083_200
END = START + 200 * DAY
BRAND = """
[brand]
name = "tea"
zone = "UTC"
[tagger.level]
use = "tiers"
tiers = { silver = "3.00", gold = "10.00" }
window = "40d"
review = "month"
grace = "10d"
"""
LEDGERS = """
[incentive.levels]
use = "tiers"
from = 2026-11-01
of = "level"
gives = { silver = { points = 5 }, gold = { points = 20 } }
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
times = { gold = 2 }
"""
STEPS = ("silver", "gold")

Row = dict[str, Any]


@define
class Books:
    """A ledger that grows by what the incentive settles."""

    events: list[Row] = field(factory=list)
    grants: list[Row] = field(factory=list)

    def run(self, now: int) -> None:
        seen = self.view(now)
        incentive = Tiers(name="levels", from_=date(2026, 11, 1), of="level")
        frame = incentive.settle(seen)
        names = frame.collect_schema().names()
        found = [dict(zip(names, row, strict=True)) for row in seen.rows(frame)]
        known = {name(row) for row in self.grants}
        fresh = [row for row in found if name(row) not in known]
        assert len({name(row) for row in fresh}) == len(fresh)
        self.grants += sorted(fresh, key=repr)
        held: dict[tuple[int, str], int] = defaultdict(int)
        for row in self.grants:
            held[row["member"], row["item"]] += row["amount"]
        tags = dict(seen.rows(seen.taggers[0].tags(seen).select("member", "tag")))
        expected = {(member, step): 1 for member, tag in tags.items() for step in STEPS[: STEPS.index(tag) + 1]}
        assert {key: count for key, count in held.items() if count} == expected

    def view(self, now: int) -> View:
        made = base()
        members = sorted({row["member"] for row in self.events if row["second"] <= now})
        tables: dict[str, list[Row]] = {"events": self.events, "grants": self.grants}
        tables["members"] = [{"member": member} for member in members]
        engine, held = made.session.engine, dict(made.view.raw)
        for table, told in tables.items():
            schema = STATE["members"].schema if table == "members" else TABLES[table].schema
            held[table] = engine.frame({column: [row.get(column) for row in told] for column in schema}, schema)
        return View(held, now=now, programme=made.programme, engine=engine)


_BASE: list[Any] = []


def base() -> Any:  # noqa: ANN401 - a pass, made once
    if not _BASE:
        _BASE.append(work(BRAND, {"events": []}, START, "polars"))
    return _BASE[0]


def name(row: Row) -> tuple[Any, ...]:
    return (row["kind"], row["member"], row["item"], row["lot"], row["cause_kind"], row["cause"])


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Draw orders, and refunds of orders, in the order of time."""
    found: list[Row] = []
    second = START
    for number in range(1, draw(st.integers(2, 9))):
        second += draw(st.sampled_from([3600, 10 * DAY, 31 * DAY, 40 * DAY]))
        orders = [row for row in found if row["type"] == "ordered"]
        named = {"id": number, "source": "test", "source_id": str(number), "second": second, "day": second // DAY}
        if orders and draw(st.integers(0, 3)) == 0:
            old = draw(st.sampled_from(orders))
            about = {
                "type": "refunded",
                "member": old["member"],
                "ref": old["ref"],
                "amount": draw(st.sampled_from([100, None])),
            }
        else:
            amount = draw(st.sampled_from([100, 300, 800, 1000]))
            about = {"type": "ordered", "member": draw(st.sampled_from([1, 2])), "ref": f"r{number}", "amount": amount}
        found.append({**named, **about})
    return found


@given(events=histories(), cuts=st.sets(st.integers(0, 9)))
@settings(max_examples=rounds(8, 150))
def test_the_ledger_is_the_same_whenever_runs_look(events: list[Row], cuts: Collection[int]) -> None:
    books, whole = Books(), Books()
    for position, event in enumerate(events):
        books.events.append(event)
        if position in cuts:
            books.run(event["second"])
    books.run(END)
    whole.events = events
    whole.run(END)
    assert sorted(books.grants, key=repr) == sorted(whole.grants, key=repr)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("tiers"), HEAD + BRAND.partition('zone = "UTC"\n')[2] + LEDGERS)


def lived(path: Path, events: Sequence[Row], cuts: Collection[int], ways: Sequence[Crash]) -> list[Any]:
    """Let a brand hear of events one by one, with runs in between; return its ledgers."""
    with crashing(path, ways) as brand:
        for position, event in enumerate(events):
            when = datetime.fromtimestamp(event["second"], UTC).isoformat()
            about = {"ref": event["ref"], "amount": event["amount"]}
            row = happened(f"m{event['member']}", event["type"], when, event["source_id"], **about)
            brand.ingest([row], now=event["second"])
            if position in cuts:
                brand.run(now=event["second"], send=False)
        brand.run(now=END, send=False)
        gapless(brand)
        return sorted(contents(brand)["grants"], key=repr)


@given(events=histories(), cuts=st.sets(st.integers(0, 9), max_size=2), ways=crashes())
@settings(max_examples=rounds(1, 30))
def test_crashes_and_other_runs_in_between_change_nothing(
    path: Path, events: list[Row], cuts: Collection[int], ways: list[Crash]
) -> None:
    assert lived(path, events, cuts, ways) == lived(path, events, (), ())


@given(events=histories(), cuts=st.sets(st.integers(0, 9)), chance=st.randoms(use_true_random=False))
@settings(max_examples=rounds(8, 150))
def test_late_facts_set_it_right(events: Sequence[Row], cuts: Collection[int], chance: Random) -> None:
    books, heard, now = Books(), [*events], START
    chance.shuffle(heard)
    for position, event in enumerate(heard):
        books.events.append(event)
        now = max(now, event["second"])
        if position in cuts:
            books.run(now)
    books.run(END)
