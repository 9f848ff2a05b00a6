from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

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


TOML = """
[feature]
reminded = { count = "reminder_asked", subject = "gaiwan" }
[incentive.gaiwan]
use = "flash-sale"
from = 2026-12-01
until = 2026-12-01
at = "10:00"
ends = "22:00"
items = [{ sku = "G01", price = "99.00", was = "169.00", stock = 1 }]
unpaid = "15m"
waiting = true
[campaign.soon]
use = "broadcast"
from = 2026-12-01
on = 2026-12-01
at = "09:30"
to = "reminded >= 1"
say = "hi"
via = "box"
"""


def test_a_sale_from_its_warm_up_to_the_queue(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD + TOML)) as brand:
        came = [happened(who, "joined", "2026-11-29T03:00:00", f"j{who}") for who in ("anna", "ben", "cleo")]
        asked = happened("anna", "reminder_asked", "2026-11-29T04:00:00", "r1", subject="gaiwan")
        other = happened("ben", "reminder_asked", "2026-11-29T04:00:00", "r2", subject="teapot")
        brand.ingest([*came, asked, other], now="2026-11-29T12:30")
        brand.run(now="2026-12-01T09:31", send=False)
        assert rows(brand, "touches", "recipient") == [(brand.number("wecom:anna"),)]

        def claim(who: str, number: int, now: str) -> tuple[str, str]:
            answer = brand.claim("gaiwan", member=f"wecom:{who}", id=f"c{number}", now=f"2026-12-01T{now}")
            return answer.kind, answer.reason

        early = "it has not begun; it begins on 2026-12-01 10:00:00+08:00"
        assert claim("anna", 1, "09:59:59") == ("refused", early)
        assert claim("anna", 2, "10:00") == ("reserved", "")
        assert claim("ben", 3, "10:01") == ("waiting", "it is sold out; place 1 in the queue")
        assert claim("cleo", 4, "10:02") == ("waiting", "it is sold out; place 2 in the queue")
        brand.run(now="2026-12-01T10:20", send=False)
        kept = [line for line in rows(brand, "grants", "request", "kind", "time") if line[1] == "reserved"]
        assert [request for request, *_ in kept] == ["c2", "c3"]
        assert claim("cleo", 6, "22:00") == ("refused", "it is over")
