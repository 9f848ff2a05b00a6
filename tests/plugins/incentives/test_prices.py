from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from siyu import UserError
from siyu.config.units import Clock, Duration, Money
from siyu.testing.views import EngineName, view
from siyu_plugins.incentives.flash_sale import FlashSale, Item

DAY = 86_400
# 2026-12-01 at 10:00 in UTC, when the sale begins.
BEGIN = 1_796_083_200 + 10 * 3600
BRAND = '[brand]\nname = "tea"\nzone = "UTC"\n'


def held(engine: EngineName, *prices: tuple[int, int, int | None], days: int = 7, now: int = BEGIN) -> None:
    """Hold 169.00 against prices: how much, and from which until which second, counted from the beginning."""
    item = Item(sku="G01", price=Money(9900), was=Money(16900), stock=1)
    given: dict[str, Any] = {"from_": date(2026, 12, 1), "until": date(2026, 12, 1), "at": Clock(10 * 3600)}
    sale = FlashSale(name="gaiwan", items=(item,), was_lowest=Duration(days * DAY), **given)
    rows = [
        {"sku": "G01", "price": price, "from": BEGIN + since, "until": None if until is None else BEGIN + until}
        for price, since, until in prices
    ]
    other = [{"sku": "G02", "price": 1, "from": 0, "until": None}]
    sale.settle(view(BRAND, {"prices": [*rows, *(other if rows else ())]}, now, engine=engine))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
class TestReferencePrice:
    def test_the_lowest_price_of_the_time_before_is_the_most(self, engine: EngineName) -> None:
        held(engine, (16900, -20 * DAY, None))
        held(engine, (16900, -20 * DAY, -2 * DAY), (17900, -2 * DAY, None))
        words = r"incentive\.gaiwan\.items\[0\] \(G01\): was = '169\.00' is above '168\.99', the lowest price of the 7d"
        with pytest.raises(UserError, match=words):
            held(engine, (17900, -20 * DAY, -2 * DAY), (16899, -2 * DAY, None))

    def test_the_first_and_the_last_second_of_it_count(self, engine: EngineName) -> None:
        held(engine, (100, -20 * DAY, -7 * DAY), (16900, -7 * DAY, None))
        with pytest.raises(UserError, match=r"above '1\.00'"):
            held(engine, (100, -20 * DAY, -7 * DAY + 1), (16900, -7 * DAY + 1, None))
        with pytest.raises(UserError, match=r"above '1\.00'"):
            held(engine, (16900, -20 * DAY, -1), (100, -1, 0))
        held(engine, (16900, -20 * DAY, 0), (9900, 0, None))

    def test_a_longer_time_looks_further_back(self, engine: EngineName) -> None:
        prices = ((15000, -31 * DAY, -29 * DAY), (16900, -29 * DAY, None))
        held(engine, *prices, days=29)
        with pytest.raises(UserError, match=r"above '150\.00', the lowest price of the 30d before the sale; set was"):
            held(engine, *prices, days=30)

    def test_without_a_price_in_it_the_last_one_before_counts(self, engine: EngineName) -> None:
        held(engine, (100, -40 * DAY, -30 * DAY), (16900, -30 * DAY, -20 * DAY))
        with pytest.raises(UserError, match=r"above '1\.00'"):
            held(engine, (16900, -40 * DAY, -30 * DAY), (100, -30 * DAY, -20 * DAY))

    def test_a_product_without_any_price_is_told_where_there_are_others(self, engine: EngineName) -> None:
        with pytest.raises(UserError, match=r"items\[0\] \(G01\): no price of it is known from before the sale"):
            held(engine, (9900, 0, None))

    def test_a_store_without_prices_says_nothing(self, engine: EngineName) -> None:
        held(engine)

    def test_a_sale_that_is_over_is_not_looked_at(self, engine: EngineName) -> None:
        held(engine, (100, -1, None), now=BEGIN + DAY)
