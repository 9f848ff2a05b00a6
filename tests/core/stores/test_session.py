"""Rows that are given as columns of values come into the store as they are, whichever way they go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from siyu.stores import arrow
from siyu.stores.duckdb import DuckStore

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 700


@pytest.fixture
def store() -> Iterator[DuckStore]:
    found = DuckStore.open(None, "key")
    yield found
    found.close()


def events(count: int) -> dict[str, list[Any]]:
    """Return events with texts that differ, one for all, none at all, moments, and gaps."""
    moment = datetime(2026, 11, 11, tzinfo=UTC).replace(tzinfo=None)
    return {
        "id": list(range(count)),
        "source_id": [f"it's {number} ✓ \\ \x1f" for number in range(count)],
        "type": ["claimed"] * count,
        "time": [moment.replace(microsecond=number) for number in range(count)],
        "day": [20_000] * count,
        "ref": [None] * count,
        "amount": [None if number % 3 else number for number in range(count)],
    }


def rows(store: DuckStore) -> list[tuple[Any, ...]]:
    names = "id, source_id, type, time, day, ref, amount, place, seq, run"
    with store.opened() as session:
        return session.cursor.execute(f"SELECT {names} FROM events ORDER BY seq").fetchall()


@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.parametrize("count", [1, MANY])
def test_columns_are_appended_in_their_order(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch, count: int, *, installed: bool
) -> None:
    monkeypatch.setattr(arrow, "_installed", lambda: installed)
    given = events(count)
    with store.opened() as session, session.writing(7) as writer:
        writer.add("events", given)
        writer.add("events", {"id": [count, count]})
    whole = zip(*given.values(), [None] * count, range(1, count + 1), [7] * count, strict=True)
    more = [(count, *[None] * 7, count + number, 7) for number in (1, 2)]
    assert rows(store) == [*whole, *more]
    assert store.last == count + 2


def test_what_is_added_goes_with_its_transaction(store: DuckStore) -> None:
    def fail() -> None:
        with store.opened() as session, session.writing(7) as writer:
            writer.add("events", events(3))
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert (rows(store), store.last) == ([], 0)


def test_rows_are_found_by_a_column_and_events_by_their_type(store: DuckStore) -> None:
    with store.opened() as session:
        with session.writing(7) as writer:
            writer.add("events", events(4))
        assert session.found("events", ("id", "source_id"), [2, 9]) == [(2, "it's 2 ✓ \\ \x1f")]
        assert session.found("events", ("id",), []) == []
        assert session.came(("claimed", "paid"), 3)
        assert not session.came(("claimed", "paid"), 4)
        assert not session.came(("paid",), 0)


@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.parametrize("count", [3, MANY])
def test_ids_are_known_by_the_log_and_stand_for_others(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch, count: int, *, installed: bool
) -> None:
    monkeypatch.setattr(arrow, "_installed", lambda: installed)
    numbers = list(range(count))
    with store.opened() as session:
        with session.writing(7) as writer:
            writer.add("identities", {"kind": ["wecom"] * 2, "value": [0, 1], "member": [0, 1], "since": [5, 5]})
        session.cursor.execute("INSERT INTO canon VALUES (1, 0), (2, 0), (9999, 2)")
        assert session.known(numbers) == ({1: 0, 2: 0}, {0, 1})
        assert session.known([]) == ({}, set())
        assert session.found("identities", ("value", "kind"), numbers) == [(0, "wecom"), (1, "wecom")]


def test_a_store_with_many_rows_plans_for_many_from_then_on(store: DuckStore) -> None:
    def planned() -> str:
        with store.opened() as session:
            found = session.cursor.execute("SELECT current_setting('disabled_optimizers')").fetchall()
            return f"{found[0][0]} {session.engine.large}"

    assert planned() == "cte_inlining False"
    with store.opened() as session:
        session.grown(99)
        assert not session.engine.large
        session.grown(100_001)
        assert session.engine.large
    assert planned() == " True"


def test_whether_a_table_has_rows_is_told_of_each_snapshot_anew(store: DuckStore) -> None:
    with store.opened() as session, store.opened() as other:
        with session.reading():
            assert not session.holds("events")
            with other.writing(1) as writer:
                writer.add("events", {"id": [1]})
            assert not session.holds("events")
        assert session.holds("events")
        with session.reading():
            assert session.holds("events")
            assert not session.holds("items")


def test_tables_are_made_where_they_are_asked_for(store: DuckStore) -> None:
    with store.opened() as session:
        tables = session.tables()
        other = tables | {"items": session.table("events")}
        assert set(tables) == set(other)
        assert tables["events"] is other["events"]
        assert "id" in other["items"].collect_schema()
        assert "id" not in tables["items"].collect_schema()
        with pytest.raises(KeyError):
            tables["nothing"]
