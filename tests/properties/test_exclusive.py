"""Exclusive prices against a plain model: who has them when, at which price, and how many units."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds, rows

from siyu_plugins.incentives._price_command import prices_of

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
# 2026-11-10 in Shanghai, the first day of both offers.
START = int(datetime(2026, 11, 9, 16, tzinfo=UTC).timestamp())
WHO = ["m1", "m2", "m3", "m4"]
# By how many orders one has come to a tier.
ORDERS = {"m1": 0, "m2": 1, "m3": 2, "m4": 3}
LEAST = {"silver": 1, "gold": 2}
PRICE, STOCK, EACH, DAYS = {"silver": 7000, "gold": 6000}, {"silver": 3, "gold": None}, {"silver": 2, "gold": 1}, 2

TOML = (
    HEAD
    + """
[feature]
orders = { count = "ordered" }
[incentive.silver]
use = "exclusive"
from = 2026-11-10
until = 2026-11-11
to = "orders >= 1"
items = [{ sku = "T01", price = "70.00", was = "79.00", each = 2, stock = 3 }]
[incentive.gold]
use = "exclusive"
from = 2026-11-10
until = 2026-11-11
to = "orders >= 2"
items = [{ sku = "T01", price = "60.00", was = "79.00", each = 1 }]
"""
)

asked = st.tuples(
    st.sampled_from(WHO),
    st.sampled_from(["silver", "gold"]),
    st.integers(1, 2),
    st.sampled_from([0, 0, 0, 3600, DAY]),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("exclusive"), TOML)


def fits(given_: Counter[tuple[str, str]], who: str, tier: str, quantity: int, second: int) -> bool:
    """Whether a member may have so many units more."""
    stock = STOCK[tier]
    sold = sum(units for (_, one), units in given_.items() if one == tier)
    timely = START <= second < START + DAYS * DAY
    room = stock is None or sold + quantity <= stock
    return timely and ORDERS[who] >= LEAST[tier] and room and given_[who, tier] + quantity <= EACH[tier]


@given(drawn=st.lists(asked, min_size=3, max_size=14), before=st.sampled_from([0, 60]), at_once=st.booleans())
@settings(max_examples=rounds(4, 60), deadline=None)
def test_units_go_to_those_whom_the_price_is_for(
    path: Path, drawn: list[tuple[str, str, int, int]], before: int, *, at_once: bool
) -> None:
    given_, second = Counter[tuple[str, str]](), START - before
    with opened(path) as brand:
        when = datetime.fromtimestamp(START - DAY, UTC).isoformat()
        facts = [happened(who, "ordered", when, f"{who}-{n}") for who in WHO for n in range(ORDERS[who])]
        brand.ingest([*facts, *(happened(who, "joined", when, who) for who in WHO)], now=START - DAY)
        brand.run(now=START - DAY)
        for number, (who, tier, quantity, later) in enumerate(drawn):
            second += later
            row = {"incentive": tier, "member": f"wecom:{who}", "id": f"q{number}", "item": "T01", "quantity": quantity}
            # The same request again, in the same batch or later, gets the first answer.
            answers = brand.claims([row, row] if at_once else [row], now=second)
            answers += brand.claims([row], now=second + 1)
            expected = fits(given_, who, tier, quantity, second)
            assert {answer.granted for answer in answers} == {expected}, answers[0].reason
            given_[who, tier] += quantity * expected
        gapless(brand)
        names = {brand.number(f"wecom:{who}"): who for who in WHO}
        found = Counter[tuple[str, str]]()
        for member, tier, amount in rows(brand, "grants", "member", "incentive", "amount"):
            found[names[member], tier] += amount
        assert +found == +given_
        for who in WHO:
            lowest = [PRICE[tier] for tier in ("gold", "silver") if ORDERS[who] >= LEAST[tier]][:1]
            for moment, expected_prices in ((START - 1, []), (START, lowest), (START + DAYS * DAY, [])):
                shown = prices_of(brand, f"wecom:{who}", now=moment)
                assert [one["price"] for one in shown] == expected_prices
