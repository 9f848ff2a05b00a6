from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.config.units import Duration
from siyu.kinds import Cost, Term
from siyu.moments import moment
from siyu_plugins.incentives.gift import Gift, Good, Review

DAY = 86_400
ZONE = "Asia/Shanghai"
TOML = (
    HEAD
    + """
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
expires = "10d"
[incentive.goods]
use = "gift"
from = 2026-11-01
goods = [{ sku = "M01", costs = [{ incentive = "points", amount = 6 }] }]
unpaid = "15m"
"""
)
COLUMNS = ("member", "kind", "item", "lot", "amount", "cause_kind", "cause")
Settle: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


def good(**more: object) -> Good:
    given: dict[str, Any] = {"sku": "M01", "costs": (Cost(incentive="points", amount=500),), **more}
    return Good(**given)


def gift(**more: object) -> Gift:
    given: dict[str, Any] = {"name": "gifts", "from_": date(2026, 12, 1), **more}
    return Gift(**given)


def ordered(number: int, ref: str, at: float, member: int = 1) -> dict[str, Any]:
    return {"id": number, "type": "ordered", "member": member, "ref": ref, "at": at}


def reviewed(
    number: int, ref: str, at: float, *, member: int = 1, kind: str = "rated", **props: object
) -> dict[str, Any]:
    told = {"subject": "tea", "amount": 1, "props": json.dumps(props)}
    return {"id": number, "type": kind, "member": member, "ref": ref, "at": at, **told}


THANKS = gift(reviews=Review(sku="S01", words=5, photos=1))


def test_one_term_for_each_of_the_goods() -> None:
    goods = (good(stock=9, each=1), good(sku="C01"))
    costs = (Cost(incentive="points", amount=500),)
    assert gift(goods=goods, unpaid=Duration(900)).terms() == (
        Term(item="M01", stock=9, each=1, unpaid=900, costs=costs),
        Term(item="C01", unpaid=900, costs=costs),
    )


def test_goods_alone_settle_nothing() -> None:
    assert gift(goods=(good(),)).facts() == {}


def test_a_review_with_enough_words_and_photos_earns_one_gift_for_its_order(settle: Settle) -> None:
    events = [
        ordered(1, "o1", 1),
        reviewed(2, "o1", 2, words=4, photos=9),
        reviewed(3, "o1", 3, words=9),
        reviewed(4, "o1", 4, text="很好喝的茶", photos=1),
        reviewed(5, "o1", 5, words=50, photos=5),
    ]
    assert settle(THANKS, events, (*COLUMNS, "time")) == [
        (1, "earned", "S01", "rated:o1", 1, "order", "o1", 1_796_083_200 + 4 * DAY)
    ]


@pytest.mark.parametrize(
    "events",
    [
        [reviewed(2, "o1", 2, words=9, photos=1)],
        [ordered(1, "o1", 1, member=2), reviewed(2, "o1", 2, words=9, photos=1)],
        [ordered(1, "o1", 3), reviewed(2, "o1", 2, words=9, photos=1)],
        [ordered(1, "", 1), reviewed(2, "", 2, words=9, photos=1)],
        [ordered(1, "o1", 1), reviewed(2, "o1", 2, kind="shared", words=9, photos=1)],
        [ordered(1, "o1", 1), reviewed(2, "o1", 2, kind="replied", words=9, photos=1)],
    ],
    ids=["no order", "an order of another", "an order after it", "no ref", "a share", "a reply"],
)
def test_what_is_no_review_of_an_own_order_earns_nothing(settle: Settle, events: list[dict[str, Any]]) -> None:
    assert settle(THANKS, events, COLUMNS) == []


def test_only_a_subject_and_only_for_some_days(settle: Settle) -> None:
    events = [ordered(1, "o1", 1), reviewed(2, "o1", 4, words=9, photos=1)]
    for review, count in (
        (Review(sku="S01", subject="tea", within=Duration(3 * DAY)), 1),
        (Review(sku="S01", within=Duration(3 * DAY - 1)), 0),
        (Review(sku="S01", subject="cups"), 0),
    ):
        assert len(settle(gift(reviews=review), events, COLUMNS)) == count


def test_replies_count_where_they_are_asked_for(settle: Settle) -> None:
    events = [ordered(1, "o1", 1), reviewed(2, "o1", 4, kind="replied", words=9, photos=1)]
    lines = settle(gift(reviews=Review(sku="S01", event="replied")), events, COLUMNS)
    assert [line[3] for line in lines] == ["replied:o1"]


def test_it_states_what_is_rewarded_and_that_is_never_a_share() -> None:
    assert THANKS.facts() == {"reviews": {"rewarded_events": ("rated",)}}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sku": " "}, "expected the product's sku"),
        ({"costs": ()}, "expected at least one cost"),
        ({"stock": -1}, "expected a stock of 0 units or more"),
        ({"each": 0}, "expected 1 unit or more for each member"),
    ],
)
def test_a_good_that_cannot_be_had_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        good(**wrong)


def test_a_gift_of_nothing_or_of_the_same_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="expected goods or reviews"):
        gift()
    with pytest.raises(ValueError, match="expected each sku once, but 'M01'"):
        gift(goods=(good(), good()))


@pytest.mark.parametrize("looks", ["", "before", "after", "before after"])
def test_points_that_come_back_when_they_are_over_expire_once(tmp_path: Path, looks: str) -> None:
    bought, end = moment("2026-11-12T10:00", ZONE), moment("2026-11-22T10:00", ZONE)
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([happened("ann", "ordered", "2026-11-12T02:00Z", "o", ref="A", amount=1_000)], now=bought)
        brand.run(now=bought)
        assert brand.claim("goods", member="wecom:ann", id="c1", now=end - 60).granted
        if "before" in looks:
            brand.run(now=end + 60)
        # It is not paid, and falls back with the next claim after that.
        assert not brand.claim("goods", member="wecom:ann", id="c2", now=end + 3600).granted
        if "after" in looks:
            brand.run(now=end + 7200)
        brand.run(now=end + 86_400)
        lines = rows(brand, "grants", "incentive", "kind", "amount")
        points = sorted((kind, amount) for incentive, kind, amount in lines if incentive == "points")
        assert points == [("earned", 10), ("expired", -6), ("expired", -4), ("redeemed", -6), ("restored", 6)]
        assert brand.audit(now=end + 86_400).findings == []
        assert brand.ledger("wecom:ann", incentive="points", now=end + 86_400).entries[-1].balance == 0
