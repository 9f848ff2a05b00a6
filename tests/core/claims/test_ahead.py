"""What facts earn is settled before the lock, and again only where a ledger moved that decides about it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from tests.brands import EVERYTHING, folder, happened, opened, rows

from siyu.claims.ahead import Earnings, ledgers
from siyu.kinds import Incentive
from siyu.stages.record import write_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.work import Work

NOW = "2026-11-12T12:00"


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    with opened(folder(tmp_path, EVERYTHING)) as found:
        found.ingest([happened("m1", "ordered", "2026-11-12T01:00", "o1", amount=5000)], now=NOW)
        yield found


def settled(brand: Brand, incentive: str) -> list[str]:
    """Run, with a claim asked before the lock; return which incentives are settled under it."""
    told: list[str] = []

    def meanwhile(work: Work) -> None:
        write_ahead(work)
        if incentive:
            assert brand.claim(incentive, member="wecom:m1", id="r1", now=NOW).granted
        told.clear()

    with patch("siyu.loop.write_ahead", meanwhile):
        brand.run(now=NOW, progress=told.append)
    return [word for word in told if word.startswith("incentive.")]


def test_nothing_is_settled_twice_where_nobody_asks(brand: Brand) -> None:
    assert settled(brand, "") == []
    assert rows(brand, "grants", "incentive", "amount") == [("points", 50)]


def test_an_incentive_is_settled_again_where_its_own_ledger_moved(brand: Brand) -> None:
    assert settled(brand, "sale") == ["incentive.sale"]
    assert rows(brand, "grants", "incentive", "kind") == [("sale", "reserved"), ("points", "earned")]


def test_a_run_that_fails_before_its_commit_leaves_no_table(brand: Brand) -> None:
    with patch("siyu.loop.record", side_effect=OSError("no space")), pytest.raises(OSError, match="space"):
        brand.run(now=NOW)
    with brand.store.opened() as session:
        names = session.cursor.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    assert not [name for (name,) in names if "~" in name]
    brand.run(now=NOW)
    assert rows(brand, "members", "member")


def test_the_ledgers_that_decide_are_those_that_an_incentive_names(brand: Brand) -> None:
    programme = brand.programme
    found = {one.name: ledgers(programme, one) for one in programme.of(Incentive)}
    assert found == {"points": {"points"}, "friends": {"friends", "points"}, "sale": {"sale"}}


def test_an_incentive_sees_no_other_ledger(brand: Brand) -> None:
    brand.claim("sale", member="wecom:m1", id="r1", now=NOW)
    seen: set[tuple[str, str]] = set()

    def looked(work: Work, incentive: Incentive, _ledger: object) -> None:
        lines = work.view.rows(work.view.grants.select("incentive"))
        seen.update((incentive.name, name) for (name,) in lines)

    with patch("siyu.claims.ahead.earn", looked), brand._pass("plan", NOW) as work, work.session.reading() as last:
        Earnings.ahead(work, last)
    assert seen == {("sale", "sale")}
