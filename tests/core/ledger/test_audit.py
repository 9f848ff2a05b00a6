"""The audit: nothing is found where nothing is wrong, and whatever is tampered with is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.brands import copied, folder, happened, opened
from tests.core.ledger.test_statements import NOW, TOML, at, facts

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.ledger.findings import Audit

LATER = at("2026-12-02T10:00")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a brand with facts of all sorts, an opening balance, claims, and a closed month."""
    path = folder(tmp_path_factory.mktemp("lived"), TOML)
    with opened(path, store=path / "store.duckdb") as brand:
        facts(brand)
        brand.claim("sale", member="wecom:ann", id="c0", now=NOW)
        brand.ingest([happened("ann", "paid", "2026-11-25T04:01Z", "p-0", ref="c0")], now=NOW + 60)
        brand.claim("sale", member="wecom:bob", id="c1", now=NOW + 70)
        brand.claim("sale", member="wecom:bob", id="c2", quantity=3, now=NOW + 80)
        brand.claim("sale", member="wecom:bob", id="c3", now=NOW + 7000)
        brand.run(now=LATER)
        brand.close_month("2026-11", now=LATER)
    return path


@pytest.fixture
def brand(lived: Path, tmp_path: Path) -> Brand:
    """Return a copy of the brand, to do something to."""
    return copied(lived, tmp_path / "brand")


def audited(brand: Brand) -> Audit:
    return brand.audit(now=LATER)


def tampered(brand: Brand, statement: str) -> Audit:
    with brand.store.opened() as session:
        changed = session.cursor.execute(statement).fetchall()[0][0]
        assert changed
    return audited(brand)


def test_an_audit_of_an_honest_ledger_finds_nothing_and_says_what_it_compared(brand: Brand) -> None:
    with brand:
        found = audited(brand)
        assert (found.findings, found.differing, found.notes) == ([], 0, {})
        assert found.checked["claims"] == 4
        assert found.checked["causes"] == 7
        assert found.checked["closed months"] == 1


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("UPDATE grants SET amount = 130 WHERE amount = 120", {"facts", "closings"}),
        ("UPDATE grants SET member = member + 1 WHERE amount = 120", {"facts"}),
        ("DELETE FROM grants WHERE kind = 'reversed'", {"facts", "closings"}),
        ("UPDATE grants SET amount = 3 WHERE request = 'c1' AND kind = 'reserved'", {"claims", "bounds", "closings"}),
        ("DELETE FROM grants WHERE request = 'c0' AND kind = 'confirmed'", {"claims"}),
        ("UPDATE grants SET kind = 'granted', amount = 1 WHERE request = 'c2'", {"claims", "closings"}),
        (
            (
                "INSERT INTO grants SELECT * REPLACE (id + 1 AS id, 'x' AS request, '7' AS cause) FROM grants "
                "WHERE request = 'c1' AND kind = 'reserved'"
            ),
            {"claims", "causes", "closings"},
        ),
        ("UPDATE grants SET cause = '7' WHERE kind = 'opened'", {"facts", "causes"}),
        ("DELETE FROM events WHERE source_id = 'o-2'", {"facts", "causes"}),
        (
            (
                "INSERT INTO grants SELECT * REPLACE (id + 1 AS id, 'redeemed' AS kind, -501 AS amount) FROM grants "
                "WHERE kind = 'opened'"
            ),
            {"lots", "closings"},
        ),
        ("UPDATE closings SET closing = closing + 1 WHERE incentive = 'sale'", {"closings"}),
    ],
)
def test_what_is_tampered_with_is_found(brand: Brand, statement: str, checks: set[str]) -> None:
    with brand:
        found = tampered(brand, statement)
        assert {one.check for one in found.findings} == checks
        assert found.differing == len(found.findings)


def test_a_month_that_does_not_open_with_what_was_closed_is_found(brand: Brand) -> None:
    with brand:
        brand.run(now=at("2027-01-02"))
        brand.close_month("2026-12", now=at("2027-01-02"))
        words = {
            one.words
            for one in tampered(
                brand, "UPDATE closings SET opening = opening + 1, moved = moved - 1 WHERE month = '2026-12'"
            ).findings
        }
        assert words == {"it does not open with what was closed before"}


def test_lines_of_other_rules_are_counted_and_are_no_fault(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    path = folder(tmp_path, TOML)
    with opened(path, store=store) as brand:
        facts(brand)
        brand.claim("sale", member="wecom:ann", id="c0", now=NOW)
        brand.claim("sale", member="wecom:ann", id="c1", quantity=3, now=NOW)
    folder(tmp_path, TOML.replace("points = 1 }", "points = 2 }").replace("each = 3", "each = 4"))
    with opened(path, store=store) as brand:
        brand.run(now=LATER)
        found = brand.audit(now=LATER)
        assert found.findings == []
        assert found.notes["decided by other rules than today's"] >= 2


def test_claims_and_facts_that_wait_for_a_run_are_counted(brand: Brand) -> None:
    with brand:
        brand.ingest(
            [
                happened("cem", "claimed", "2026-12-02T01:00Z", "c9", subject="sale", ref="G01"),
                happened("cem", "ordered", "2026-12-02T01:00Z", "o-9", amount=1_000),
            ],
            now=LATER,
        )
        found = audited(brand)
        assert found.findings == []
        assert found.notes == {"claims that wait for the next run": 1}
        brand.tick(now=LATER)
        found = audited(brand)
        assert found.findings == []
        assert found.notes == {"newer than the last run": 1}


def test_members_who_were_joined_since_are_counted_and_are_no_fault(brand: Brand) -> None:
    with brand:
        brand.merge("wecom:ann", "wecom:bob", by="Lin", why="one phone", now=LATER)
        assert audited(brand).findings == []
        brand.run(now=LATER + 60)
        assert audited(brand).findings == []


def test_a_reversal_is_no_fault(brand: Brand) -> None:
    with brand:
        brand.reverse(campaign="double", by="Lin", reason="wrong", now=LATER)
        brand.reverse(incentive="sale", by="Lin", reason="wrong", now=LATER)
        brand.claim("sale", member="wecom:bob", id="c5", quantity=3, now=LATER)
        brand.run(now=LATER + 60)
        found = audited(brand)
        assert found.findings == []
        assert found.checked["claims"] == 5


def test_an_audit_of_a_brand_without_a_run(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        assert audited(brand).differing == 0
