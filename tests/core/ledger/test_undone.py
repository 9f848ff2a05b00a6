"""What a person reversed in full holds nothing any more: neither a member's limit nor a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.brands import HEAD, folder, happened, opened, rows

from siyu.moments import moment

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

NOW = moment("2026-11-25T12:00", "Asia/Shanghai")
POINTS = """
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
"""
BOUNDED = "limit = { times = 2 }\nbudget = [{ amount = 40 }]\n"
SHARED = 'during = "double"\nworth = { amount = "0.01" }\n'
CAMPAIGN = """
[campaign.double]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hi"
via = "box"
budget = { amount = "0.02" }
"""
SALE = """
[incentive.sale]
use = "flash-sale"
from = 2026-11-01
items = [{ sku = "G01", price = "99.00", was = "169.00", stock = 3, each = 3 }]
"""


def earn(brand: Brand, day: int, amount: int) -> list[tuple[str, int]]:
    """Let somebody order, and return the lines of the points so far."""
    when = f"2026-11-{day}T02:00Z"
    brand.ingest([happened("ann", "ordered", when, f"o-{day}", ref=f"A{day}", amount=amount)], now=NOW)
    brand.run(now=NOW)
    return [(kind, amount) for kind, amount in rows(brand, "grants", "kind", "amount")]


def test_what_is_reversed_in_full_is_free_for_the_member_again(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD + POINTS + BOUNDED)) as brand:
        earn(brand, 10, 3_000)
        earn(brand, 11, 1_100)
        earn(brand, 12, 1_000)
        given = earn(brand, 13, 100)
        assert given == [("earned", 30), ("refused", 0), ("earned", 10), ("refused", 0)]
        (done,) = brand.reverse(
            incentive="points", since="2026-11-10", until="2026-11-10", by="Lin", reason="wrong", now=NOW
        )
        assert (done.lines, done.taken) == (1, 30)
        assert earn(brand, 14, 3_000) == [*given, ("reversed", -30), ("earned", 30)]
        assert earn(brand, 15, 100)[-1] == ("refused", 0)
        assert brand.audit(now=NOW).findings == []


def test_what_is_left_with_the_member_of_a_reversed_line_still_counts(tmp_path: Path) -> None:
    spent = '[incentive.goods]\nuse = "gift"\nfrom = 2026-11-01\ngoods = [{ sku = "M01", costs = [COST] }]\n'
    goods = spent.replace("COST", '{ incentive = "points", amount = 1 }')
    with opened(folder(tmp_path, HEAD + POINTS + BOUNDED + goods)) as brand:
        earn(brand, 10, 3_000)
        assert brand.claim("goods", member="wecom:ann", id="c", now=NOW).granted
        (done,) = brand.reverse(incentive="points", by="Lin", reason="wrong", now=NOW)
        assert (done.taken, done.kept) == (29, 1)
        earn(brand, 11, 1_100)
        assert [kind for kind, _ in earn(brand, 12, 1_000)].count("earned") == 2
        assert earn(brand, 13, 100)[-1] == ("refused", 0)


def test_a_budget_that_claims_share_with_facts_has_room_again(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD + CAMPAIGN + POINTS + SHARED + SALE + SHARED)) as brand:
        earn(brand, 20, 200)
        assert brand.claim("sale", member="wecom:bob", id="c1", now=NOW).reason == "the campaign's budget is spent"
        brand.reverse(incentive="points", by="Lin", reason="wrong", now=NOW + 1)
        assert brand.claim("sale", member="wecom:bob", id="c2", now=NOW + 2).granted
        brand.run(now=NOW + 3)
        assert brand.claim("sale", member="wecom:bob", id="c3", now=NOW + 4).granted
        assert not brand.claim("sale", member="wecom:bob", id="c4", now=NOW + 5).granted
        brand.run(now=NOW + 6)
        assert brand.audit(now=NOW + 6).findings == []
