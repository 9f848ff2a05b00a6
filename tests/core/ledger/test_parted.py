"""Lots of members who were joined and are parted again: no line moves, nothing is earned twice, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.brands import HEAD, folder, happened, opened

from siyu.moments import moment

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
[incentive.goods]
use = "gift"
from = 2026-11-01
goods = [{ sku = "M01", costs = [{ incentive = "points", amount = 15 }] }]
"""
)
BEGIN = moment("2026-11-10T12:00", "Asia/Shanghai")
WORDS = {"by": "wu", "why": "one phone"}


def order(brand: Brand, day: int, points: int, what: str = "ordered") -> None:
    """Let each of the two order, or have what they ordered on a day refunded."""
    facts = [
        happened(who, what, f"2026-11-{day}T01:00Z", f"{what}-{who}-{day}", ref=f"{who}-{day}", amount=100 * points)
        for who in ("ann", "bob")
    ]
    brand.ingest(facts, now=BEGIN + 5 * 86_400)
    brand.run(now=BEGIN + 5 * 86_400)


def balances(brand: Brand) -> dict[str, int]:
    """Return what each has; ``least`` is who stood for both while they were one."""
    least = min(("ann", "bob"), key=lambda who: brand.number(f"wecom:{who}"))
    found = {}
    for who in ("ann", "bob"):
        entries = brand.ledger(f"wecom:{who}", incentive="points", now=BEGIN + 6 * 86_400).entries
        found["least" if who == least else "other"] = entries[-1].balance
    return found


def test_what_came_and_went_while_two_were_one_stays_with_the_id_that_stood_for_both(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        order(brand, 10, 10)
        assert balances(brand) == {"least": 10, "other": 10}
        brand.merge("wecom:ann", "wecom:bob", now=BEGIN + 5 * 86_400, **WORDS)
        order(brand, 11, 20)
        assert brand.claim("goods", member="wecom:ann", id="c", now=BEGIN + 5 * 86_400).granted
        assert balances(brand) == {"least": 45, "other": 45}
        brand.unmerge("wecom:ann", "wecom:bob", now=BEGIN + 5 * 86_400 + 1, **WORDS)
        for _ in range(2):
            brand.run(now=BEGIN + 6 * 86_400)
            assert balances(brand) == {"least": 35, "other": 10}
        # Refunds take it back where it is, whosever order it was.
        order(brand, 11, 20, "refunded")
        order(brand, 12, 1)
        assert balances(brand) == {"least": -4, "other": 11}
        assert brand.audit(now=BEGIN + 6 * 86_400).findings == []


def test_a_correction_gives_the_other_what_is_theirs(tmp_path: Path) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.merge("wecom:ann", "wecom:bob", now=BEGIN, **WORDS)
        order(brand, 11, 20)
        brand.unmerge("wecom:ann", "wecom:bob", now=BEGIN + 5 * 86_400 + 1, **WORDS)
        least, other = sorted(("wecom:ann", "wecom:bob"), key=brand.number)
        later = BEGIN + 6 * 86_400
        brand.correct(least, "points", -20, by="wu", why="of the other's order", now=later - 1)
        brand.correct(other, "points", 20, by="wu", why="of the other's order", now=later - 1)
        brand.run(now=later)
        assert balances(brand) == {"least": 20, "other": 20}
