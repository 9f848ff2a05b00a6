from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.plugins.incentives.conftest import BRAND, DAY, START

from siyu.config.expressions import Condition
from siyu.config.units import Duration, Money
from siyu.kinds import Term
from siyu.testing.views import view
from siyu_plugins.incentives.exclusive import Exclusive, ExclusiveItem


def item(**more: object) -> ExclusiveItem:
    given: dict[str, Any] = {"sku": "T01", "price": Money(5900), "was": Money(7900), **more}
    return ExclusiveItem(**given)


def offer(*items: ExclusiveItem, **more: object) -> Exclusive:
    given: dict[str, Any] = {"name": "vip-price", "from_": date(2026, 12, 1), "items": items}
    return Exclusive(**{**given, "to": Condition.parse("did('joined')"), **more})


def test_one_term_an_item() -> None:
    terms = offer(item(), item(sku="G02", each=1, stock=20), unpaid=Duration(900)).terms()
    assert terms == (Term(item="T01", unpaid=900), Term(item="G02", each=1, stock=20, unpaid=900))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize(("at", "found"), [(-1, []), (0, [1]), (9, [1]), (10, [])])
def test_those_whom_it_is_for_have_the_price_within_its_days(engine: Any, at: int, found: list[int]) -> None:  # noqa: ANN401 - a name of an engine
    one = offer(item(each=2), until=date(2026, 12, 10))
    events = [
        {"id": number, "type": kind, "member": number, "second": START - 9 * DAY, "day": START // DAY - 9}
        for number, kind in ((1, "joined"), (2, "viewed"))
    ]
    toml = BRAND + "[segment]\nnew = \"did('joined')\"\n"
    seen = view(toml, {"events": events}, START + at * DAY, engine=engine)
    rows = seen.rows(one.prices(seen).select("member", "incentive", "sku", "price", "was", "each"))
    assert rows == [(member, "vip-price", "T01", 5900, 7900, 2) for member in found]


def test_it_states_that_prices_are_compared() -> None:
    assert offer(item()).facts() == {"items": [{"reference_price": True}]}
    assert offer(item(), was_lowest=Duration(30 * DAY)).facts() == {
        "items": [{"reference_price": True, "reference_days": 30}]
    }


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"price": Money(7900)}, r"expected a price below what the unit was.*it is '79\.00', was '79\.00'"),
        ({"price": Money(-1)}, "not below 0"),
        ({"stock": -1}, "expected a stock of 0 units or more, not -1"),
        ({"each": 0}, "expected 1 unit or more for each member, not 0"),
        ({"sku": " "}, "expected the product's sku, not an empty text"),
    ],
)
def test_an_item_that_cannot_be_sold_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        item(**wrong)


def test_an_offer_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one item"):
        offer()
    with pytest.raises(ValueError, match="expected each sku once, but 'T01'"):
        offer(item(), item())
    with pytest.raises(ValueError, match="a price for everybody is no exclusive one"):
        offer(item(), to=None)
