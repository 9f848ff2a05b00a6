"""History is not news: what was imported feeds features, and starts nothing where `from` lies after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.brands import EVERYTHING, folder, happened, opened, rows

if TYPE_CHECKING:
    from pathlib import Path

DAYS = [f"2026-10-{day:02}T03:00" for day in range(1, 31)]
HISTORY = [
    *(
        happened(f"m{number}", "joined", day, f"j{number}", ref=f"wecom:m{number - 1}")
        for number, day in enumerate(DAYS)
    ),
    *(
        happened(f"m{number}", "ordered", day, f"o{number}", ref=f"o{number}", amount=20000)
        for number, day in enumerate(DAYS)
    ),
    *(happened(f"m{number}", "refunded", day, f"r{number}", ref=f"o{number}") for number, day in enumerate(DAYS[:9])),
    *(
        happened(f"m{number}", "claimed", day, f"c{number}", subject="sale", ref="G01")
        for number, day in enumerate(DAYS[:9])
    ),
    happened("m1", "paid", DAYS[9], "p1", ref="c1"),
]
# The daily broadcast is no consequence of history: it would go to whoever is there.
QUIET = EVERYTHING.replace('every = "day"', 'every = "month"').replace("on = 2026-11-10", "on = 2026-11-30")


def test_history_starts_nothing_and_is_known(tmp_path: Path) -> None:
    with opened(folder(tmp_path, QUIET)) as brand:
        brand.ingest(HISTORY, now="2026-11-01T10:00")
        for now in ("2026-11-01T10:00", "2026-11-02T12:00", "2026-11-09T12:00"):
            brand.run(now=now)
            brand.tick(now=now)
        assert {table: len(rows(brand, table)) for table in ("touches", "steps", "grants")} == {
            "touches": 0,
            "steps": 0,
            "grants": 0,
        }
        assert len(rows(brand, "members")) == 30
        assert sorted({spend for (spend,) in rows(brand, "features", "spend")}) == [20000]
        assert len(rows(brand, "flags")) == 30


def test_news_among_history_starts_what_it_should(tmp_path: Path) -> None:
    with opened(folder(tmp_path, QUIET)) as brand:
        news = [
            happened("new", "joined", "2026-11-01T01:00", "n1"),
            happened("m3", "ordered", "2026-11-01T01:00", "n2", ref="n2", amount=1000),
            # An order of before `from` earned nothing, so its refund takes nothing back.
            happened("m4", "refunded", "2026-11-01T01:00", "n3", ref="o4"),
        ]
        brand.ingest([*HISTORY, *news], now="2026-11-01T10:00")
        brand.run(now="2026-11-01T10:00")
        new, third = brand.number("wecom:new"), brand.number("wecom:m3")
        assert rows(brand, "touches", "recipient", "campaign", "step") == [(new, "trip", "hello")]
        assert rows(brand, "grants", "member", "incentive", "kind", "amount") == [(third, "points", "earned", 10)]


def test_a_late_import_of_history_starts_nothing_either(tmp_path: Path) -> None:
    with opened(folder(tmp_path, QUIET)) as brand:
        brand.run(now="2026-11-05T10:00")
        brand.ingest(HISTORY[:40], now="2026-11-05T11:00")
        brand.tick(now="2026-11-05T11:00")
        brand.ingest(HISTORY[40:], now="2026-11-05T11:00")
        brand.run(now="2026-11-05T12:00")
        assert not any(rows(brand, table) for table in ("touches", "steps", "grants"))
