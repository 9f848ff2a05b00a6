"""Events that are revised: the newest version counts everywhere, and the others stay in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, opened, rounds, rows

from siyu.kinds import Batch
from siyu.rows import frame_of
from siyu.stages.ingest import take
from siyu.stages.record import record

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

BRAND = (
    HEAD
    + """
[feature]
orders = { count = "ordered" }
spend = { sum = "ordered.amount" }
spend_3d = { sum = "ordered.amount", window = "3d" }
most_3d = { max = "ordered.amount", window = "3d" }
places = { distinct = "ordered.place" }
home_4d = { top = "ordered.place", window = "4d" }
last = { last = "ordered" }
back = { sum = "refunded.amount" }
[tagger.value]
use = "rules"
[tagger.value.when]
big = "spend >= '5.00'"
"""
)
MEMBERS = ["ann", "bob", "cyd"]
STATE = ("members", "features", "pairs", "tags", "flags", "segments")


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    day, hour = draw(st.integers(1, 9)), draw(st.sampled_from(["00", "12", "23"]))
    return {
        "identity": f"wecom:{draw(st.sampled_from(MEMBERS))}",
        "type": draw(st.sampled_from(["ordered", "ordered", "refunded", "paid", "received"])),
        "time": f"2026-11-0{day}T{hour}:00:00",
        "source_id": f"o{draw(st.integers(0, 5))}",
        "amount": draw(st.sampled_from([100, 200, 500])),
        "place": draw(st.sampled_from([None, "north", "south"])),
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("revisions"), BRAND)


def bring(brand: Brand, batches: list[list[dict[str, Any]]], *, revises: bool = True, table: Any = "events") -> None:  # noqa: ANN401 - a name
    """Take batches in one pass, as those of an entry."""
    with brand._pass("ingest", "2026-11-01") as work:
        with work.session.reading():
            for batch in batches:
                given = frame_of(work.session.engine, batch, table)
                take(work, "till", Batch(rows=given, table=table, revises=revises))
        with work.session.writing(work.run.id) as writer:
            record(work, writer)


def content(fact: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(fact[name] for name in ("source_id", "identity", "type", "time", "amount", "place"))


def expected(history: list[dict[str, Any]], *, revises: bool) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return what a plain reader keeps of facts in their order, and which version of each id counts."""
    log, newest, said = [], {}, set()
    for fact in history:
        name = fact["source_id"]
        if content(fact) not in said and (revises or name not in newest):
            log.append(fact)
            newest[name] = fact
        said.add(content(fact))
    return log, newest


def stored(brand: Brand) -> list[tuple[Any, ...]]:
    columns = ("source_id", "member", "type", "second", "amount", "place")
    return rows(brand, "events", *columns)


@given(history=st.lists(st.lists(st.lists(facts(), max_size=4), min_size=1, max_size=2), min_size=1, max_size=4))
@settings(max_examples=rounds(8, 100))
def test_the_newest_version_counts_and_state_is_that_of_a_rebuild(path: Path, history: list[Any]) -> None:
    facts = [fact for batches in history for batch in batches for fact in batch]
    log, newest = expected(facts, revises=True)
    with opened(path) as brand, opened(path) as plain:
        for day, batches in enumerate(history, 4):
            bring(brand, [batch for batch in batches if batch])
            brand.run(now=f"2026-11-{day:02}T12:00", send=False)
        if newest:
            plain.ingest(list(newest.values()), entry="till", now="2026-11-01")
        plain.run(now=f"2026-11-{len(history) + 3:02}T12:00", send=False)
        assert len(stored(brand)) == len(log)
        assert [row[0] for row in stored(brand)] == [fact["source_id"] for fact in log]
        for table in STATE:
            assert sorted(rows(brand, table), key=repr) == sorted(rows(plain, table), key=repr), table
        gapless(brand)


@given(history=st.lists(st.lists(facts(), min_size=1, max_size=5), min_size=1, max_size=3))
@settings(max_examples=rounds(8, 100))
def test_without_revisions_the_first_counts_and_others_are_rejects(path: Path, history: list[Any]) -> None:
    facts = [fact for batch in history for fact in batch]
    log, newest = expected(facts, revises=False)
    clashing = {content(fact) for fact in facts if content(fact) != content(newest[fact["source_id"]])}
    with opened(path) as brand:
        for batch in history:
            bring(brand, [batch], revises=False)
        assert [row[0] for row in stored(brand)] == [fact["source_id"] for fact in log]
        assert len({raw for (raw,) in rows(brand, "rejects", "raw")}) == len(clashing)
        assert not rows(brand, "superseded")


LINES = [{"source_id": "o1", "sku": sku, "quantity": 1, "amount": amount} for sku, amount in (("a", 100), ("b", 200))]
ORDER = {"identity": "wecom:ann", "type": "ordered", "time": "2026-11-02T00:00:00", "source_id": "o1", "amount": 300}


def counted(brand: Brand) -> list[tuple[Any, ...]]:
    with brand.store.opened() as session:
        view = brand.view(session, 2_000_000_000)
        items = sorted(view.rows(view.items.select("sku", "amount")))
        return [*view.rows(view.events.select("source_id", "amount")), *items]


def test_the_lines_of_a_revised_order_are_the_newest(path: Path) -> None:
    with opened(path) as brand:
        bring(brand, [[ORDER]])
        bring(brand, [LINES], table="items")
        first = [("o1", 300), ("a", 100), ("b", 200)]
        assert counted(brand) == first
        bring(brand, [LINES], table="items")
        assert counted(brand) == first
        with brand._pass("ingest", "2026-11-01") as work:
            with work.session.reading():
                for table, batch in (("events", [ORDER | {"amount": 100}]), ("items", LINES[:1])):
                    given = frame_of(work.session.engine, batch, table)
                    take(work, "till", Batch(rows=given, table=table, revises=True))  # type: ignore[arg-type]
                assert sorted(work.view.rows(work.view.items.select("sku"))) == [("a",)]
            with work.session.writing(work.run.id) as writer:
                record(work, writer)
        assert counted(brand) == [("o1", 100), ("a", 100)]
        # What is read again from an older file is nothing new.
        bring(brand, [[ORDER]])
        bring(brand, [LINES], table="items")
        assert counted(brand) == [("o1", 100), ("a", 100)]
        bring(brand, [[LINES[0] | {"sku": "c"}]], table="items")
        assert counted(brand) == [("o1", 100), ("c", 100)]
        assert len(rows(brand, "items", "sku")) == 4
        gapless(brand)


def test_a_claim_is_never_revised(path: Path) -> None:
    claim = ORDER | {"type": "claimed", "subject": "x"}
    with opened(path) as brand:
        bring(brand, [[claim]])
        bring(brand, [[claim | {"amount": 1}]])
        assert len(rows(brand, "events", "id")) == 1
        assert rows(brand, "rejects", "reason") == [("the same id came before with other content",)]
