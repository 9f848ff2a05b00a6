"""Closed months: they add up, follow one another, and never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import copied, folder, happened, opened, rows
from tests.core.ledger.test_statements import NOW, TOML, at, facts

from siyu.errors import UserError
from siyu.ledger.months import Month

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

DECEMBER = at("2026-12-01T10:00")
JANUARY = at("2027-01-01T10:00")
WORTH = TOML.replace('pending = "7d"', 'pending = "7d"\nworth = { units = 100, amount = "1.00" }')


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a brand with facts of November, after a run of December."""
    path = folder(tmp_path_factory.mktemp("filled"), WORTH)
    with opened(path, store=path / "store.duckdb") as made:
        facts(made)
        made.run(now=DECEMBER)
    return path


@pytest.fixture
def brand(filled: Path, tmp_path: Path) -> Brand:
    """Return a copy of it, to do something to."""
    return copied(filled, tmp_path / "brand")


def of(brand: Brand, month: str, incentive: str, *columns: str, now: int = JANUARY) -> dict[str, tuple[Any, ...]]:
    found = brand.close_month(month, now=now).rows
    return {str(row["place"]): tuple(row[name] for name in columns) for row in found if row["incentive"] == incentive}


def test_a_month_is_stated_by_place_and_incentive_with_what_it_is_worth(brand: Brand) -> None:
    with brand:
        columns = ("opening", "earned", "opened", "reversed", "closing", "late", "value", "breakage")
        assert of(brand, "2026-11", "points", *columns) == {
            "north": (0, 320, 500, -60, 760, 0, 760, 0),
            "south": (0, 80, 0, 0, 80, 0, 80, 0),
        }
        assert of(brand, "2026-11", "sale", "opening", "closing", "value") == {"": (0, 0, None)}


def test_a_closed_month_never_changes_and_late_lines_count_in_the_next_one(brand: Brand) -> None:
    with brand:
        first = brand.close_month("2026-11", now=DECEMBER)
        assert first.new
        brand.ingest(
            [
                happened("ann", "ordered", "2026-11-20T02:00Z", "o-8", ref="A8", amount=700),
                happened("ann", "ordered", "2026-12-20T02:00Z", "o-9", ref="A9", amount=1_000, place="south"),
            ],
            now=DECEMBER,
        )
        brand.run(now=JANUARY)
        again = brand.close_month("2026-11", now=JANUARY)
        assert (again.new, again.rows) == (False, first.rows)
        columns = ("opening", "earned", "moved", "closing", "late", "late_lines")
        assert of(brand, "2026-12", "points", *columns) == {
            "north": (760, 0, -760, 0, 0, 0),
            "south": (80, 17, 760, 857, 7, 1),
        }
        assert brand.closings("2026-11") == first.rows
        assert {row["month"] for row in brand.closings()} == {"2026-11", "2026-12"}


def test_the_first_month_opens_with_all_that_was_before(brand: Brand) -> None:
    with brand:
        brand.run(now=JANUARY)
        assert of(brand, "2026-12", "points", "opening", "earned", "closing", "late") == {
            "north": (760, 0, 760, 0),
            "south": (80, 0, 80, 0),
        }


@pytest.mark.parametrize(
    ("month", "now", "words"),
    [
        ("2026-13", DECEMBER, "'2026-13' is no month; write it as in 2026-11"),
        ("november", DECEMBER, "'november' is no month"),
        ("2026-12", DECEMBER, "2026-12 is not over: it can be closed from 2027-01-01 00:00:00+08:00 on"),
        ("2026-12", JANUARY, "no run has looked at all of 2026-12 yet: do a run first"),
    ],
)
def test_a_month_that_cannot_be_closed_yet_says_when_it_can(brand: Brand, month: str, now: int, words: str) -> None:
    with brand, pytest.raises(UserError) as told:
        brand.close_month(month, now=now)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("month", "words"),
    [("2027-01", "2027-01 comes after 2026-12"), ("2026-10", "2026-10 was never closed, and later ones are")],
)
def test_months_are_closed_in_order(brand: Brand, month: str, words: str) -> None:
    with brand:
        brand.close_month("2026-11", now=DECEMBER)
        with pytest.raises(UserError) as told:
            brand.close_month(month, now=at("2027-03-01"))
        assert words in str(told.value)
        assert str(told.value).endswith("the next one to close is 2026-12")
        assert {month for (month,) in rows(brand, "closings", "month")} == {"2026-11"}


def test_the_month_after_december_is_in_the_next_year() -> None:
    assert str(Month.parse("2026-12").next) == "2027-01"
    assert str(Month.parse("2026-01").next) == "2026-02"


def test_a_ledger_that_no_config_knows_any_more_is_closed_too(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    path = folder(tmp_path, TOML)
    with opened(path, store=store) as brand:
        facts(brand)
    folder(tmp_path, TOML.partition("[incentive.friends]")[0])
    with opened(path, store=store) as brand:
        brand.run(now=DECEMBER)
        assert of(brand, "2026-11", "friends", "closing", "value", now=DECEMBER) == {"north": (1, None)}
        assert brand.audit(now=NOW).findings == []
