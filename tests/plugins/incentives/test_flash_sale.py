from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from siyu.config.expressions import Condition
from siyu.config.units import Clock, Duration, Money
from siyu.kinds import Early, Term
from siyu_plugins.incentives.flash_sale import EarlyAccess, FlashSale, Item


def item(**more: object) -> Item:
    given: dict[str, Any] = {"sku": "G01", "price": Money(9900), "was": Money(16900), "stock": 800, **more}
    return Item(**given)


def sale(*items: Item, **more: object) -> FlashSale:
    given: dict[str, Any] = {"name": "gaiwan", "from_": date(2026, 12, 1), "items": items, **more}
    return FlashSale(**given)


def test_one_term_an_item() -> None:
    assert sale(item(), item(sku="G02", stock=0, each=None)).terms() == (
        Term(item="G01", stock=800, each=1),
        Term(item="G02", stock=0),
    )


def test_head_start_and_time_to_pay() -> None:
    vip = Condition.parse("segment('vip')")
    early = EarlyAccess(to=vip, by=Duration(7200), stock=200)
    (term,) = sale(item(), early=early, unpaid=Duration(900)).terms()
    assert term.early == Early(to=vip, by=7200, stock=200)
    assert term.unpaid == 900


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"price": Money(16900)}, r"expected a price below what the unit was.*it is '169\.00', was '169\.00'"),
        ({"price": Money(-1)}, "not below 0"),
        ({"stock": -1}, "expected a stock of 0 units or more, not -1"),
        ({"each": 0}, "expected 1 unit or more for each member, not 0"),
        ({"sku": " "}, "expected the product's sku, not an empty text"),
    ],
)
def test_an_item_that_cannot_be_sold_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        item(**wrong)


def test_a_sale_that_cannot_be_held_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one item"):
        sale()
    with pytest.raises(ValueError, match="expected each sku once, but 'G01' stands there more often"):
        sale(item(), item(stock=1))
    with pytest.raises(ValueError, match="expected a time above 0 to pay in"):
        sale(item(), unpaid=Duration(0))


def test_a_head_start_that_is_none_is_refused() -> None:
    vip = Condition.parse("segment('vip')")
    with pytest.raises(ValueError, match="expected a head start above 0"):
        EarlyAccess(to=vip, by=Duration(0), stock=1)
    with pytest.raises(ValueError, match="expected a stock of 0 units or more, not -1"):
        EarlyAccess(to=vip, by=Duration(1), stock=-1)


def test_it_begins_and_ends_by_the_clock() -> None:
    assert sale(item()).hours == (0, 86_400)
    held = sale(item(), at=Clock(36_000), until=date(2026, 12, 1), ends=Clock(79_200))
    assert held.hours == (36_000, 79_200)
    with pytest.raises(ValueError, match="expected a last day for '22:00' to be on, as in until = 2026-12-01"):
        sale(item(), ends=Clock(79_200))
    with pytest.raises(ValueError, match="expected an end after the beginning of the same day: it begins at '22:00'"):
        sale(item(), at=Clock(79_200), until=date(2026, 12, 1), ends=Clock(36_000))


def test_waiting_needs_units_that_fall_back() -> None:
    assert sale(item(), unpaid=Duration(900), waiting=True).terms()[0].waiting
    with pytest.raises(ValueError, match="without one no unit falls back to those who wait"):
        sale(item(), waiting=True)


def test_a_lowest_price_is_of_whole_days() -> None:
    with pytest.raises(ValueError, match="expected a day or more, as in '30d', not '12h'"):
        sale(item(), was_lowest=Duration(12 * 3600))
